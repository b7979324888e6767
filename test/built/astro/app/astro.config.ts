import node from "@astrojs/node";
import { defineConfig } from "astro/config";

export default defineConfig({
  output: "server",
  adapter: node({ mode: "middleware" }),
  // The suite posts as programs do, without an Origin.
  security: { checkOrigin: false },
});
