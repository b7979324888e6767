import { defineConfig } from "vitest/config";

/**
 * Frameworks that are installed apart and built before they run: `npm run test:built`. They are too
 * large to be among what `npm install` brings.
 */
export default defineConfig({
  test: {
    include: ["test/built/**/*.test.ts"],
    pool: "forks",
    // A development server is several processes: one framework at a time.
    maxWorkers: 1,
    // An install, and a build.
    hookTimeout: 600_000,
    testTimeout: 120_000,
    server: { deps: { external: [/\/(?:dist|build)\//, /\/node_modules\//] } },
    // The same holds where a test waits for something to come.
    expect: { poll: { timeout: 20_000 } },
    reporters: ["default", "json"],
    outputFile: { json: "reports/built.json" },
  },
});
