import adapter from "@sveltejs/adapter-node";
import { sveltekit } from "@sveltejs/kit/vite";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [
    sveltekit({
      adapter: adapter(),
      // The suite posts as programs do, without an Origin.
      csrf: { trustedOrigins: ["*"] },
      experimental: { remoteFunctions: true },
    }),
  ],
});
