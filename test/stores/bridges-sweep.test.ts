import { createStorage } from "unstorage";
import memoryDriver from "unstorage/drivers/memory";
import { expect, it } from "vitest";
import { unstorageStore } from "../../src/stores/bridges/index.ts";
import { recordAt } from "../../src/testing/store/fixtures.ts";
import { silent } from "./support/bridge-backends.ts";

const NOW = Date.now();
const HOUR_MS = 3_600_000;
const READS_UNTIL_THE_END = 3;

it("continues a sweep that ended early, so that every session has its turn", async () => {
  const driver = memoryDriver();
  let controller = new AbortController();
  let reads = 0;
  const storage = createStorage({
    driver: {
      ...driver,
      getItem: (key, options) => {
        reads += 1;
        if (reads % READS_UNTIL_THE_END === 0) controller.abort();
        return driver.getItem(key, options);
      },
    },
  });
  const store = unstorageStore(storage, { ...silent, sweepInterval: "1h" });
  const records = Array.from({ length: 9 }, () => recordAt(NOW, { manager: "shop" }));
  const last = records.toSorted((one, other) => (one.id < other.id ? -1 : 1)).at(-1);
  for (const record of records) {
    reads = 0;
    const expiresAt = record === last ? record.expiresAt : NOW + 48 * HOUR_MS;
    await store.create({ ...record, expiresAt }, { now: NOW, signal: controller.signal });
  }
  for (let sweep = 0; sweep < records.length; sweep += 1) {
    reads = 0;
    controller = new AbortController();
    const { signal } = controller;
    await store.expiry?.deleteExpired({ now: NOW + 24 * HOUR_MS, signal }).catch(() => undefined);
  }
  expect(await storage.getKeys()).toHaveLength(8);
  expect(await storage.hasItem(`sojourn:${last?.id}`)).toBe(false);
});

it("deletes nothing that lives, by a clock that is an hour ahead, and the rest an hour late", async () => {
  const storage = createStorage({ driver: memoryDriver() });
  const store = unstorageStore(storage, { ...silent, sweepInterval: "1h" });
  const { signal } = new AbortController();
  const record = recordAt(NOW, { manager: "shop" });
  await store.create(record, { now: NOW, signal });
  const due = record.expiresAt + HOUR_MS;
  expect(await store.expiry?.deleteExpired({ now: NOW + HOUR_MS, signal })).toBe(0);
  expect(await store.expiry?.deleteExpired({ now: due - 1, signal })).toBe(0);
  expect(await store.expiry?.deleteExpired({ now: due, signal })).toBe(1);
});
