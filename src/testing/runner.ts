import { OptionsError } from "../core/errors.ts";

/** What a suite needs of a test runner; Vitest, Jest, Mocha and `node:test` have it. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/**
 * The given runner, or the one whose `describe` and `it` are global.
 *
 * @throws {@link OptionsError} if there is none.
 */
export function resolveRunner(given: TestRunner | undefined): TestRunner {
  const { describe, it } = given ?? (globalThis as Partial<TestRunner>);
  if (typeof describe === "function" && typeof it === "function") return { describe, it };
  throw new OptionsError(
    "runner",
    'give your runner\'s functions: import { describe, it } from "vitest" or "node:test", and ' +
      "pass { runner: { describe, it } }.",
  );
}
