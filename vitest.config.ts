import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Those of test/built have a lane of their own: vitest.built.config.ts.
    exclude: ["**/node_modules/**", "test/built/**"],
    pool: "forks",
    // Much of the time is spent waiting for servers: two at once even where there are two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Real servers and a browser start inside the hooks.
    hookTimeout: 240_000,
    // Tests measure no time; a machine that is busy takes many times as long.
    testTimeout: 120_000,
    server: {
      // What users import as `sojourn` is loaded by Node itself, exactly as it will be for them.
      deps: { external: [/\/dist\//] },
    },
    // The same holds where a test waits for something to come.
    expect: { poll: { timeout: 20_000 } },
    reporters: ["default", "json"],
    outputFile: { json: "reports/vitest.json" },
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text", "html"],
      thresholds: {
        "src/core/**/*.ts": { lines: 100 },
        "src/security/**/*.ts": { lines: 100 },
      },
    },
  },
});
