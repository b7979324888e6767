import { randomBytes } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import { OptionsError, StoreError } from "../../src/core/errors.ts";
import { type SessionRecord, UNREADABLE_DATA } from "../../src/core/record.ts";
import type { SessionStore, SilentStore } from "../../src/core/store.ts";
import { createSessions } from "../../src/create-sessions.ts";
import { encrypted, type KeyList } from "../../src/stores/encrypted/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { factsOf, recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { describeStore } from "../../src/testing/store.ts";
import { openPath, temporaryFolder } from "./support/databases.ts";
import { play, RUNS } from "./support/model.ts";

const NOW = 1_800_000_000_000;
const manager = "shop";
const call = { now: NOW, signal: new AbortController().signal };
const freshKey = (): string => randomBytes(32).toString("base64url");
const key = freshKey();
const OTHER_KEY = freshKey();

const runner = { describe, it };
describeStore(
  "memory, encrypted",
  async () => {
    const store = encrypted(memoryStore(), key);
    return { store, close: () => store.close() };
  },
  { runner },
);
describeStore(
  "SQLite, encrypted",
  async () => {
    const { store, sibling, ...others } = await openPath();
    return {
      ...others,
      store: encrypted(store, [key, OTHER_KEY]),
      // Another process, in which the second key has become the first one already.
      sibling: async () => encrypted((await sibling?.()) ?? store, [OTHER_KEY, key]),
    };
  },
  { runner },
);

const texts = {
  data: '{"secret":"canary-data"}',
  flash: '[["secret","canary-flash"]]',
  device: "canary-device",
  notes: '{"u":"canary-notes"}',
};

async function failure(work: Promise<unknown>): Promise<StoreError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StoreError)) throw new Error("it was no StoreError", { cause: error });
  return error;
}

/** What the store inside has, changed behind the encrypted one's back. */
async function tamper(
  inside: SessionStore,
  record: Pick<SessionRecord, "id">,
  change: (stored: SessionRecord) => SessionRecord,
): Promise<void> {
  const stored = await inside.load(record.id, call);
  if (stored?.kind !== "live") throw new Error("there is nothing to change");
  const outcome = await inside.update(change(stored), stored.version, call);
  expect(outcome.kind).toBe("updated");
}

describe("an encrypted store", () => {
  it("answers like a plain Map, whatever the run of operations", async () => {
    await fc.assert(
      fc.asyncProperty(RUNS, async (run) => {
        const answers = await play(encrypted(memoryStore(), key), run);
        expect(answers.store).toEqual(answers.model);
      }),
      { numRuns: 100 },
    );
  });

  it("leaves nothing readable in the file of a database", async () => {
    const folder = await temporaryFolder();
    const store = encrypted(sqliteStore(join(folder, "sessions.db")), key);
    const record = recordAt(NOW, { manager, userId: "alice", ...texts });
    await store.create(record, call);
    await store.update(successorOf(record, texts), record.version, call);
    const other = recordAt(NOW, { manager });
    await store.create(other, call);
    await store.end(tombstoneAt(NOW, other, { notes: texts.notes }), undefined, call);
    const files = await readdir(folder);
    const contents = await Promise.all(files.map((file) => readFile(join(folder, file), "latin1")));
    expect(contents.join("")).toContain(record.id);
    expect(contents.join("")).toContain("alice");
    expect(contents.join("")).not.toContain("canary");
    expect(contents.join("")).not.toContain(Buffer.from("canary").toString("base64url"));
    await store.close();
    await rm(folder, { recursive: true });
  });

  it("shows neither whether there are messages, nor a device, nor small differences in size", async () => {
    const inside = memoryStore();
    const store = encrypted(inside, key);
    const bare = recordAt(NOW, { manager, data: "{}" });
    const full = recordAt(NOW, {
      manager,
      data: '{"a":1}',
      flash: '[["f","m"]]',
      device: "Firefox",
    });
    await store.create(bare, call);
    await store.create(full, call);
    const [one, other] = [await inside.load(bare.id, call), await inside.load(full.id, call)];
    expect(one).toMatchObject({ flash: "", device: undefined });
    expect(other).toMatchObject({ flash: "", device: undefined });
    const lengths = (stored: typeof one): unknown =>
      stored?.kind === "live" && [stored.data.length, stored.notes?.length];
    expect(lengths(one)).toEqual(lengths(other));
  });

  it("gives the store inside a JSON object, for backends that look at it", async () => {
    const inside = memoryStore();
    const record = recordAt(NOW, { manager, ...texts });
    await encrypted(inside, key).create(record, call);
    await tamper(inside, record, (stored) => ({
      ...stored,
      data: JSON.stringify(JSON.parse(stored.data), undefined, 2),
    }));
    expect(await encrypted(inside, key).load(record.id, call)).toEqual(record);
  });

  it("offers what the store inside offers, and no more", () => {
    const all = encrypted(memoryStore(), key);
    expectTypeOf(all).toEqualTypeOf<Required<SessionStore>>();
    expectTypeOf(encrypted(sqliteStore(":memory:"), key)).toExtend<SilentStore>();
    expect(Object.keys(all).sort()).toEqual(
      ["announcements", "close", "create", "directory", "end", "expiry", "load"].concat([
        "profile",
        "touch",
        "update",
      ]),
    );
    const { profile, load, create, update, end } = memoryStore();
    const least: SessionStore = { profile, load, create, update, end };
    expect(Object.keys(encrypted(least, key)).sort()).toEqual(Object.keys(least).sort());
    expect(encrypted(least, key).profile).toBe(profile);
  });

  it("leaves the announcements to the store inside", async () => {
    const store = encrypted(memoryStore(), key);
    const told: string[] = [];
    const listener = {
      onEnded: (ids: readonly string[]) => void told.push(...ids),
      onGap: () => {},
    };
    await store.announcements.subscribe(listener, call);
    const record = recordAt(NOW, { manager });
    await store.create(record, call);
    await store.end(tombstoneAt(NOW, record), undefined, call);
    expect(told).toEqual([record.id]);
  });
});

describe("an encrypted record", () => {
  const alter: readonly (readonly [string, (stored: SessionRecord) => SessionRecord])[] = [
    ["another user", (stored) => ({ ...stored, userId: "root" })],
    ["no user", (stored) => ({ ...stored, userId: undefined })],
    ["another manager", (stored) => ({ ...stored, manager: "staff" })],
    ["another version", (stored) => successorOf(stored, { earlier: stored.earlier })],
    ["other commits before it", (stored) => ({ ...stored, earlier: "abcdefgh" })],
    ["a later start", (stored) => ({ ...stored, createdAt: NOW + 1 })],
    ["a later sign-in", (stored) => ({ ...stored, authenticatedAt: NOW + 1 })],
    ["no sign-in", (stored) => ({ ...stored, authenticatedAt: undefined })],
    ["a longer idle timeout", (stored) => ({ ...stored, idleTimeoutMs: 10 ** 12 })],
    ["a longer absolute timeout", (stored) => ({ ...stored, absoluteTimeoutMs: 10 ** 12 })],
    ["persistence", (stored) => ({ ...stored, persistent: true })],
    ["what a list shows for its data", (stored) => ({ ...stored, data: sealing(stored.notes) })],
    ["data cut short", (stored) => ({ ...stored, data: `${stored.data.slice(0, -10)}"}` })],
    [
      "one character changed",
      (stored) => ({ ...stored, data: stored.data.replace(/.{5}"}$/, (end) => swapped(end)) }),
    ],
  ];

  it.each(alter)("does not open with %s", async (_, change) => {
    const inside = memoryStore();
    const store = encrypted(inside, key);
    const record = recordAt(NOW, { manager, userId: "alice", authenticatedAt: NOW, ...texts });
    await store.create(record, call);
    await tamper(inside, record, change);
    const error = await failure(store.load(record.id, call));
    expect(error).toMatchObject({ operation: "load", outcome: "failed" });
    expect(error.message).toContain("was altered");
  });

  it.each<readonly [string, (stored: SessionRecord) => string | undefined]>([
    ["taken away", () => undefined],
    ["put in plain", () => '{"g":9}'],
    ["replaced by its data", ({ data }) => sealedIn(data)],
    ["cut short", ({ notes }) => notes?.slice(0, -4)],
  ])("opens, though what a list shows of it was %s: the list does without", async (_, change) => {
    const inside = memoryStore();
    const store = encrypted(inside, key);
    const record = recordAt(NOW, { manager, userId: "alice", ...texts });
    await store.create(record, call);
    await tamper(inside, record, (stored) => ({ ...stored, notes: change(stored) }));
    expect(await store.load(record.id, call)).toEqual(record);
    const listed = await store.directory.list({ manager, userId: "alice" }, call);
    expect(listed).toEqual([factsOf({ ...record, device: undefined, notes: undefined })]);
  });

  it("does not open in another session's row [ASVS 9.2.2]", async () => {
    const inside = memoryStore();
    const store = encrypted(inside, key);
    const [mine, victims] = [
      recordAt(NOW, { manager, userId: "mallory", ...texts }),
      recordAt(NOW, { manager, userId: "mallory", data: '{"role":"admin"}' }),
    ];
    await store.create(mine, call);
    await store.create(victims, call);
    const source = await inside.load(victims.id, call);
    if (source?.kind !== "live") throw new Error("there is no source");
    await tamper(inside, mine, (stored) => ({ ...stored, data: source.data }));
    expect((await failure(store.load(mine.id, call))).message).toContain("another session");
    await tamper(inside, mine, () => ({ ...source, id: mine.id }));
    expect((await failure(store.load(mine.id, call))).message).toContain("another session");
    expect(await store.load(victims.id, call)).toEqual(victims);
  });

  it("opens after a touch, which moves its activity alone", async () => {
    const store = encrypted(memoryStore(), key);
    const record = recordAt(NOW, { manager, ...texts });
    await store.create(record, call);
    const seen = { lastSeenAt: NOW + 5, expiresAt: record.expiresAt + 5 };
    await store.touch(record.id, seen, call);
    expect(await store.load(record.id, call)).toEqual({ ...record, ...seen });
  });

  it("says which failure it is: no key, not sealed, not ours", async () => {
    const inside = memoryStore();
    const record = recordAt(NOW, { manager, userId: "alice", ...texts });
    await encrypted(inside, freshKey()).create(record, call);
    const store = encrypted(inside, key);
    const successor = successorOf(successorOf(record));
    for (const [operation, work] of [
      ["load", store.load(record.id, call)],
      ["update", store.update(successor, successor.version, call)],
      ["end", store.end(tombstoneAt(NOW, record), successor.version, call)],
    ] as const) {
      const error = await failure(work);
      expect(error).toMatchObject({ operation, outcome: "failed" });
      expect(error.message).toContain("sealed under a key that is not in keys");
    }
    // What needs no content still works: everybody can be signed out.
    expect(await store.directory.count(manager, call)).toBe(1);
    const end = { ...tombstoneAt(NOW, record), except: undefined, reason: "revoked" as const };
    const user = { manager, userId: "alice" };
    expect(await store.directory.endAll(user, end, call)).toEqual([record.id]);
    expect(await store.load(record.id, call)).toMatchObject({ kind: "ended" });
  });
});

describe("a record that does not open", () => {
  it("hides none of the others from a list and a scan, nor what is not private of itself", async () => {
    const inside = memoryStore();
    const store = encrypted(inside, key);
    const user = { manager, userId: "alice" };
    const facts = { ...user, ...texts };
    const [lost, altered, sound] = [
      recordAt(NOW, { ...facts, lastSeenAt: NOW + 1 }),
      recordAt(NOW, { ...facts, lastSeenAt: NOW + 2 }),
      recordAt(NOW, { ...facts, lastSeenAt: NOW + 3 }),
    ];
    await encrypted(inside, freshKey()).create(lost, call);
    await store.create(altered, call);
    await store.create(sound, call);
    await tamper(inside, altered, (stored) => ({ ...stored, createdAt: NOW - 1 }));
    const unknown = { device: undefined, notes: undefined };
    const listed = await store.directory.list(user, call);
    expect(listed).toEqual([
      factsOf(sound),
      factsOf({ ...altered, ...unknown, createdAt: NOW - 1 }),
      factsOf({ ...lost, ...unknown }),
    ]);
    const page = { manager, after: undefined, limit: 9 };
    const scanned = await store.directory.scan(page, call);
    expect(scanned.map(({ id }) => id)).toEqual([lost.id, altered.id, sound.id].sort());
    const readable = scanned.filter(({ data }) => data !== UNREADABLE_DATA);
    expect(readable).toEqual([sound]);
  });
});

describe("a tombstone in an encrypted store", () => {
  it("keeps its notes for those who have the key, and is there without them for others", async () => {
    const inside = memoryStore();
    const store = encrypted(inside, key);
    const record = recordAt(NOW, { manager, ...texts });
    const tombstone = tombstoneAt(NOW, record, { notes: texts.notes });
    await store.create(record, call);
    await store.end(tombstone, undefined, call);
    expect(await store.load(record.id, call)).toEqual(tombstone);
    const late = tombstoneAt(NOW, record);
    expect(await store.end(late, undefined, call)).toEqual({ kind: "gone", tombstone });
    const without = { ...tombstone, notes: undefined };
    const others = encrypted(inside, freshKey());
    expect(await others.load(record.id, call)).toEqual(without);
    const next = successorOf(record);
    const outcome = await others.update(next, record.version, call);
    expect(outcome).toEqual({ kind: "gone", tombstone: without });
  });
});

describe("the keys of an encrypted store", () => {
  it("turn: an old record opens, and is sealed under the first key at its next write [ASVS 11.2.2]", async () => {
    const inside = memoryStore();
    const record = recordAt(NOW, { manager, ...texts });
    const [first, second] = [freshKey(), freshKey()];
    await encrypted(inside, first).create(record, call);
    const turned = encrypted(inside, [second, first]);
    expect(await turned.load(record.id, call)).toEqual(record);
    await failure(encrypted(inside, second).load(record.id, call));
    const next = successorOf(record);
    await turned.update(next, record.version, call);
    expect(await encrypted(inside, second).load(record.id, call)).toEqual(next);
  });

  it("may be a function; if it fails, nothing is written and nobody is signed out", async () => {
    let keys: KeyList = key;
    const inside = memoryStore();
    const store = encrypted(inside, () => {
      if (keys === "") throw new Error("the vault is sealed");
      return keys;
    });
    const record = recordAt(NOW, { manager });
    await store.create(record, call);
    keys = "";
    const other = recordAt(NOW, { manager });
    for (const work of [store.load(record.id, call), store.create(other, call)]) {
      const error = await failure(work);
      expect(error.outcome).toBe("failed");
      expect(error.cause).toBeInstanceOf(OptionsError);
    }
    expect(await inside.load(other.id, call)).toBeUndefined();
    keys = [freshKey(), key];
    expect(await store.load(record.id, call)).toEqual(record);
  });
});

describe("records stored before encryption", () => {
  it("are refused, with a sentence that names the option", async () => {
    const inside = memoryStore();
    const record = recordAt(NOW, { manager, ...texts });
    await inside.create(record, call);
    const error = await failure(encrypted(inside, key).load(record.id, call));
    expect(error.message).toContain("acceptPlain");
  });

  it("are read where acceptPlain says so, and encrypted at their next write", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "sessions.db");
    const inside = sqliteStore(path);
    const record = recordAt(NOW, { manager, ...texts });
    await inside.create(record, call);
    const store = encrypted(inside, key, { acceptPlain: true });
    expect(await store.load(record.id, call)).toEqual(record);
    const next = successorOf(record);
    await store.update(next, record.version, call);
    expect(await encrypted(inside, key).load(record.id, call)).toEqual(next);
    await store.close();
    const database = new DatabaseSync(path);
    const rows = JSON.stringify(database.prepare("SELECT * FROM sojourn_sessions").all());
    database.close();
    expect(rows).not.toContain("canary");
    await rm(folder, { recursive: true });
  });

  it("are no way around the seal: what looks sealed must open", async () => {
    const inside = memoryStore();
    const store = encrypted(inside, key, { acceptPlain: true });
    const record = recordAt(NOW, { manager, ...texts });
    await store.create(record, call);
    await tamper(inside, record, (stored) => ({ ...stored, userId: "root" }));
    await failure(store.load(record.id, call));
  });
});

describe("options of an encrypted store", () => {
  it.each<[string, () => unknown]>([
    ["a weak key", () => encrypted(memoryStore(), "changeme")],
    // @ts-expect-error no store
    ["what is no store", () => encrypted({}, key)],
    // @ts-expect-error nor is what cannot begin or end a session
    ["half a store", () => encrypted({ load: async () => undefined, update: async () => {} }, key)],
    // @ts-expect-error no such option
    ["an unknown option", () => encrypted(memoryStore(), key, { algorithm: "none" })],
    // @ts-expect-error a text is no answer
    ["a text for a flag", () => encrypted(memoryStore(), key, { acceptPlain: "no" })],
  ])("refuse %s", (_, wrap) => {
    expect(wrap).toThrow(OptionsError);
  });

  it("may lack the key until it is used, as in a framework's build", async () => {
    const store = encrypted(memoryStore(), "");
    const sessions = createSessions({ store });
    await expect(sessions.prepare()).rejects.toMatchObject({
      cause: { cause: { message: expect.stringContaining("encrypted(keys): the key is empty") } },
    });
    await sessions.close();
  });
});

function sealedIn(data: string): string {
  return (JSON.parse(data) as { readonly "sojourn:sealed": string })["sojourn:sealed"];
}

function sealing(text: string | undefined): string {
  return JSON.stringify({ "sojourn:sealed": text });
}

/** The first of the characters swapped for another one. */
function swapped(end: string): string {
  return (end.startsWith("A") ? "B" : "A") + end.slice(1);
}
