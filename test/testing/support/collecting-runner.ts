import type { TestRunner } from "../../../src/testing/index.ts";

interface Collected {
  readonly name: string;
  /** What it is told in, from the outside in. */
  readonly chapters: readonly string[];
  readonly body: () => Promise<void>;
}

/** A runner that keeps the tests, to run them as often as wished. */
export class CollectingRunner implements TestRunner {
  readonly tests: Collected[] = [];

  readonly #chapters: string[] = [];

  readonly describe = (name: string, body: () => void): void => {
    this.#chapters.push(name);
    body();
    this.#chapters.pop();
  };

  readonly it = (name: string, body: () => Promise<void>): void => {
    this.tests.push({ name, chapters: [...this.#chapters], body });
  };

  get names(): string[] {
    return this.tests.map(({ name }) => name);
  }

  /** Runs one after the other; rejects at the first failure. */
  async run(): Promise<void> {
    for (const { body } of this.tests) await body();
  }

  /** Runs everything at once, and resolves to the names of what failed, or hung. */
  async failures(): Promise<string[]> {
    const failed = await Promise.all(
      this.tests.map(async ({ name, body }) => ((await isGood(body)) ? undefined : name)),
    );
    return failed.filter((name) => name !== undefined);
  }
}

const HANGING_MS = 2_500;

async function isGood(body: () => Promise<void>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), HANGING_MS);
  const run = body().then(
    () => true,
    () => false,
  );
  const result = await Promise.race([run, late.promise]);
  clearTimeout(timer);
  return result;
}
