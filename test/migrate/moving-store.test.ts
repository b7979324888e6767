import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { OptionsError } from "../../src/core/errors.ts";
import { movingStore } from "../../src/migrate/index.ts";
import { connectStore } from "../../src/stores/bridges/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { describeStore, type StoreUnderTest } from "../../src/testing/store.ts";
import { temporaryFolder } from "../stores/support/databases.ts";

const runner = { describe, it };

for (const newSessions of ["from", "to"] as const) {
  describeStore(
    `Memory that moves to memory, new sessions in ${newSessions},`,
    async () => {
      const [from, to] = [memoryStore(), memoryStore()];
      const store = movingStore(from, to, { newSessions });
      return { store, close: async () => undefined };
    },
    { runner },
  );

  describeStore(
    `SQLite that moves to SQLite, new sessions in ${newSessions},`,
    async (): Promise<StoreUnderTest> => {
      const folder = await temporaryFolder();
      const open = async () =>
        movingStore(sqliteStore(join(folder, "from.db")), sqliteStore(join(folder, "to.db")), {
          newSessions,
        });
      return {
        store: await open(),
        sibling: open,
        close: () => rm(folder, { recursive: true }),
      };
    },
    { runner },
  );
}

describe("a moving store", () => {
  it("is as weak as the weaker of the two", () => {
    const [from, to] = [memoryStore(), sqliteStore(":memory:")];
    const { profile } = movingStore(from, to);
    expect(profile).toMatchObject({ scope: "process", eviction: "anonymous-first" });
    expect(profile.caveats).toContain("A restart signs everybody out.");
  });

  it("refuses stores that cannot list their sessions, and one store twice", () => {
    const memory = memoryStore();
    const bridge = connectStore({ get: () => undefined, set: () => undefined }) as never;
    expect(() => movingStore(bridge, memory)).toThrow("movingStore(from): must be a store with a");
    expect(() => movingStore(memory, bridge)).toThrow("movingStore(to)");
    const stale = { ...memory, profile: { ...memory.profile, readYourWrites: "bounded" } as const };
    expect(() => movingStore({ ...stale, directory: memory.directory } as never, memory)).toThrow(
      "must show every acknowledged write at once",
    );
    expect(() => movingStore(memory, memory)).toThrow("another store than from");
    expect(() => movingStore(memory, memoryStore(), { newSessions: "both" } as never)).toThrow(
      OptionsError,
    );
  });
});
