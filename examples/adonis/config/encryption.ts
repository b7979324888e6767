import { defineConfig, drivers } from "@adonisjs/core/encryption";

// For Adonis' own signed cookies; Sojourn needs no key. Set APP_KEY where you use them.
const key = process.env["APP_KEY"] ?? "a key of the example, and no secret";

export default defineConfig({
  default: "app",
  list: { app: drivers.aes256gcm({ id: "app", keys: [key] }) },
});
