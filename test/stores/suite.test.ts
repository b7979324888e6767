import { describe, expect, it } from "vitest";
import { OptionsError } from "../../src/core/errors.ts";
import type { SessionStore } from "../../src/core/store.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { type DescribeStoreOptions, describeStore } from "../../src/testing/store.ts";
import { SLIPS, storeThat } from "./support/faulty-store.ts";

/** Runs the suite, and resolves to the sentences that failed, each with its group. */
async function failures(open: () => SessionStore): Promise<string[]> {
  const { tests, runner } = collector();
  describeStore(
    "mine",
    async () => {
      const store = open();
      return { store, close: async () => undefined };
    },
    { runner },
  );
  const failed: string[] = [];
  for (const { sentence, body } of tests) {
    await body().catch(() => failed.push(sentence));
  }
  return failed;
}

interface Collected {
  readonly sentence: string;
  readonly body: () => Promise<void>;
}

function collector(): {
  readonly tests: Collected[];
  readonly runner: NonNullable<DescribeStoreOptions["runner"]>;
} {
  const tests: Collected[] = [];
  let group = "";
  const runner = {
    describe(name: string, body: () => void): void {
      group = name;
      body();
    },
    it(name: string, body: () => Promise<void>): void {
      tests.push({ sentence: `${group}: ${name}`, body });
    },
  };
  return { tests, runner };
}

describe("describeStore", () => {
  it("finds nothing to say of a sound store", async () => {
    expect(await failures(() => memoryStore())).toEqual([]);
  });

  it("asks a store only for what it offers", async () => {
    const bare = (): SessionStore => {
      const sound = memoryStore();
      return {
        profile: sound.profile,
        load: (id, call) => sound.load(id, call),
        create: (record, call) => sound.create(record, call),
        update: (record, expected, call) => sound.update(record, expected, call),
        end: (stone, expected, call) => sound.end(stone, expected, call),
      };
    };
    expect(await failures(bare)).toEqual([]);
  });

  it.each(Object.entries(SLIPS))("fails a store that %s", async (_, slip) => {
    expect(await failures(() => storeThat(slip))).toEqual(
      expect.arrayContaining([...slip.caughtBy]),
    );
  });

  const describing = (options?: DescribeStoreOptions): void => {
    const open = async () => ({ store: memoryStore(), close: async () => undefined });
    describeStore("mine", open, options);
  };

  it("prints the reason in the place of a deviation", () => {
    const { tests, runner } = collector();
    const deviations = { "load: resolves to undefined when absent": "it never is" };
    describing({ runner, deviations });
    const names = tests.map(({ sentence }) => sentence);
    expect(names).toContain("load: resolves to undefined when absent: deviates, it never is");
    expect(names).not.toContain("load: resolves to undefined when absent");
  });

  it("refuses a deviation from what it does not say", () => {
    const deviations = { "load: is fast": "it is slow" };
    expect(() => describing({ runner: collector().runner, deviations })).toThrow(OptionsError);
  });

  it("asks for a runner where none is global", () => {
    expect(() => describing()).toThrow(OptionsError);
  });

  it("says each sentence once in its group", () => {
    const { tests, runner } = collector();
    describing({ runner });
    const names = tests.map(({ sentence }) => sentence);
    expect(names).toEqual([...new Set(names)]);
  });
});
