import node from "@astrojs/node";
import { defineConfig } from "astro/config";

export default defineConfig({
  output: "server",
  adapter: node({ mode: "standalone" }),
  // The names that browsers ask for: Astro then believes the proxy in front that it speaks HTTPS.
  security: { allowedDomains: [{ hostname: "localhost" }] },
});
