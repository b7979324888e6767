import { getEventListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { MemcacheClient } from "memcache-client";
import { afterEach, describe, expect, it } from "vitest";
import { Keeper } from "../../src/core/commit/keeper.ts";
import { Deadline } from "../../src/core/deadline.ts";
import { StoreError } from "../../src/core/errors.ts";
import type { SessionRecord } from "../../src/core/record.ts";
import type { StoreCall } from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { memcachedStore, type PromiseMemcachedClient } from "../../src/stores/memcached/index.ts";
import { placeOf } from "../../src/stores/memcached/places.ts";
import { recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { memcached } from "../support/servers/memcached.ts";
import { startProxy } from "../support/servers/proxy.ts";
import { type Place, startServer, type TestServer } from "../support/servers/test-server.ts";
import {
  CLIENTS,
  type Connect,
  connectCallback,
  connectPromise,
  type OpenClient,
} from "./support/memcached-clients.ts";
import { wire } from "./support/memcached-wire.ts";

type Store = ReturnType<typeof memcachedStore>;

const manager = "shop";
/** Long enough for a busy machine to answer where a server does. */
const SOON_MS = 1_000;
const AGAIN_MS = 20_000;
/** What `memcache-client` waits for (`cmdTimeout`, 5 s), and a busy machine. */
const HEALED_MS = 15_000;

const servers: TestServer[] = [];
const clients: OpenClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function started(): Promise<TestServer> {
  const server = await startServer(memcached());
  servers.push(server);
  return server;
}

function opened(connect: Connect, ...places: Pick<Place, "port">[]): OpenClient["client"] {
  const open = connect(...places);
  clients.push(open);
  return open.client;
}

function callFor(ms: number = AGAIN_MS): StoreCall {
  return { now: Date.now(), signal: AbortSignal.timeout(ms) };
}

/** As long as the client has not noticed that the server is back, a call fails. */
async function again(attempt: () => Promise<unknown>): Promise<void> {
  const isBack = (): Promise<boolean> =>
    attempt().then(
      () => true,
      () => false,
    );
  await expect.poll(isBack, { timeout: AGAIN_MS, interval: 50 }).toBe(true);
}

describe.each(CLIENTS)("a server that comes and goes, by %s", (_, connect) => {
  it("fails every call while it is dead, and works with the same client after", async () => {
    const server = await started();
    const store = memcachedStore(opened(connect, server));
    const record = recordAt(Date.now(), { manager });
    await store.create(record, callFor());
    await server.kill();
    const calls = [
      () => store.load(record.id, callFor(SOON_MS)),
      () => store.update(successorOf(record), record.version, callFor(SOON_MS)),
      () => store.end(tombstoneAt(Date.now(), record), undefined, callFor(SOON_MS)),
      () => store.touch(record.id, record, callFor(SOON_MS)),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ name: "StoreError", outcome: "failed" });
    }
    await expect(store.create(record, callFor(SOON_MS))).rejects.toThrow();
    await server.start();
    await again(() => store.load(record.id, callFor(SOON_MS)));
    const outcome = await store.update(successorOf(record), record.version, callFor());
    expect(outcome).toEqual({ kind: "gone", tombstone: undefined });
    expect(await store.create(recordAt(Date.now(), { manager }), callFor())).toBe("created");
  });

  it("stops waiting for a paused one, says truly what is known, and leaves no listener", async () => {
    const server = await started();
    const store = memcachedStore(opened(connect, server));
    const record = recordAt(Date.now(), { manager });
    await store.create(record, callFor());
    server.pause();
    const call = callFor(SOON_MS);
    const reading = store.load(record.id, call);
    const creating = store.create(recordAt(Date.now(), { manager }), call);
    await expect(reading).rejects.toMatchObject({ name: "StoreError", outcome: "failed" });
    await expect(creating).rejects.toMatchObject({ name: "StoreError", outcome: "unknown" });
    expect(getEventListeners(call.signal, "abort")).toEqual([]);
    server.resume();
    await again(() => store.load(record.id, callFor(SOON_MS)));
    expect(await store.load(record.id, callFor())).toEqual(record);
    const healthy = callFor();
    await store.update(successorOf(record), record.version, healthy);
    expect(getEventListeners(healthy.signal, "abort")).toEqual([]);
  });

  it("sends nothing for a call that is aborted already", async () => {
    const server = await started();
    const store = memcachedStore(opened(connect, server));
    const record = recordAt(Date.now(), { manager });
    const call = { now: Date.now(), signal: AbortSignal.abort() };
    await expect(store.create(record, call)).rejects.toMatchObject({ outcome: "failed" });
    expect(await store.load(record.id, callFor())).toBeUndefined();
  });

  it("ends a call whose connection is cut, at its deadline at the latest", async () => {
    const server = await started();
    const proxy = await startProxy({ port: server.port, seed: 1 });
    const store = memcachedStore(opened(connect, proxy));
    const record = recordAt(Date.now(), { manager });
    await store.create(record, callFor());
    proxy.hold();
    const failureOf = (error: unknown): unknown => error;
    const creating = store.create(recordAt(Date.now(), { manager }), callFor(SOON_MS));
    const reading = store.load(record.id, callFor(SOON_MS));
    const failures = [creating.catch(failureOf), reading.catch(failureOf)] as const;
    proxy.cut("reset");
    const [ofCreate, ofRead] = await Promise.all(failures);
    // Whether a write arrived before the cut, nobody can tell.
    expect(ofCreate).toBeInstanceOf(Error);
    expect(ofCreate).not.toMatchObject({ outcome: "failed" });
    expect(ofRead).toMatchObject({ name: "StoreError", outcome: "failed" });
    proxy.pass();
    await again(() => store.load(record.id, callFor(SOON_MS)));
    await proxy.close();
  });
});

describe("a connection that goes silent, while new ones are answered", () => {
  const lostOf = async (store: Store, ids: readonly SessionId[]): Promise<readonly SessionId[]> => {
    const loads = ids.map((id) =>
      store.load(id, callFor(SOON_MS)).then(
        () => [],
        () => [id],
      ),
    );
    return (await Promise.all(loads)).flat();
  };

  /** Calls again and again, waiting for no answer, until all have one; tells who had none. */
  async function calling(store: Store, ids: readonly SessionId[]): Promise<Set<SessionId>> {
    const rounds: Promise<readonly SessionId[]>[] = [];
    const until = performance.now() + HEALED_MS;
    let isHealed = false;
    while (!isHealed) {
      expect(performance.now()).toBeLessThan(until);
      const round = lostOf(store, ids);
      rounds.push(round);
      void round.then((lost) => {
        isHealed ||= lost.length === 0;
      });
      await pause(50);
    }
    return new Set((await Promise.all(rounds)).flat());
  }

  it.each(CLIENTS)("is replaced in seconds, by %s", async (_, connect) => {
    const server = await started();
    const proxy = await startProxy({ port: server.port, seed: 1 });
    const store = memcachedStore(opened(connect, proxy));
    const record = recordAt(Date.now(), { manager });
    await store.create(record, callFor());
    proxy.strand();
    await calling(store, [record.id]);
    proxy.strand();
    const next = successorOf(record);
    await expect(store.update(next, record.version, callFor(SOON_MS))).rejects.toThrow(StoreError);
    await calling(store, [record.id]);
    expect(await store.update(next, record.version, callFor())).toEqual({ kind: "updated" });
    await proxy.close();
  });

  it("costs no answer of another server, by one memcached with both", async () => {
    const servers = [await started(), await started()];
    const [silent, sound] = await Promise.all(
      servers.map(({ port }) => startProxy({ port, seed: 1 })),
    );
    if (silent === undefined || sound === undefined) throw new Error("there are two");
    const store = memcachedStore(opened(connectCallback, silent, sound));
    const records = Array.from({ length: 20 }, () => recordAt(Date.now(), { manager }));
    for (const record of records) await store.create(record, callFor());
    const ids = records.map(({ id }) => id);
    sound.delay(20, 40);
    silent.strand();
    const lost = await calling(store, ids);
    await servers[1]?.kill();
    const ofSound = await lostOf(store, ids);
    expect(lost.size).toBeGreaterThan(0);
    expect([...lost, ...ofSound].toSorted()).toEqual(ids.toSorted());
    for (const proxy of [silent, sound]) await proxy.close();
  });
});

it("knows its own commit again, when the answer was lost with the connection", async () => {
  const server = await started();
  const proxy = await startProxy({ port: server.port, seed: 1 });
  const real = opened(connectPromise, proxy) as MemcacheClient;
  const losing: PromiseMemcachedClient = {
    options: real.options,
    gets: (key) => real.gets(key),
    add: (key, value, options) => real.add(key, value, options),
    cas(key, value, options) {
      proxy.deafen();
      return real.cas(key, value, options);
    },
  };
  const keeper = new Keeper(memcachedStore(losing), () => undefined);
  const record = recordAt(Date.now(), { manager });
  const deadline = (): Deadline => new Deadline(AGAIN_MS, Date.now());
  const standing = (): Promise<string> => wire(server, `get sojourn:${record.id}`);
  expect(await keeper.create(record, deadline())).toBe("created");
  const after = successorOf(record);
  const updating = keeper.update(after, record.version, deadline());
  await expect.poll(standing, { timeout: AGAIN_MS }).toContain(after.version);
  proxy.pass();
  expect(await updating).toEqual({ kind: "updated" });
  const tombstone = tombstoneAt(Date.now(), record);
  const ending = keeper.end(tombstone, after.version, deadline());
  await expect.poll(standing, { timeout: AGAIN_MS }).toContain(tombstone.version);
  proxy.pass();
  expect(await ending).toEqual({ kind: "ended" });
  await proxy.close();
});

const TWO_SERVERS: readonly (readonly [string, (...places: TestServer[]) => Store])[] = [
  [
    "a memcache-client for each",
    (...places) => memcachedStore(places.map((place) => opened(connectPromise, place))),
  ],
  [
    "a memcached for each",
    (...places) => memcachedStore(places.map((place) => opened(connectCallback, place))),
  ],
  ["one memcached with both", (...places) => memcachedStore(opened(connectCallback, ...places))],
];

describe.each(TWO_SERVERS)("two servers, %s", (_, open) => {
  const created = async (store: Store): Promise<readonly SessionRecord[]> => {
    const records = Array.from({ length: 60 }, () => recordAt(Date.now(), { manager }));
    for (const record of records) await store.create(record, callFor());
    return records;
  };
  const fates = (store: Store, records: readonly SessionRecord[]): Promise<readonly string[]> =>
    Promise.all(
      records.map(({ id }) =>
        store.load(id, callFor(SOON_MS)).then(
          (stored) => stored?.kind ?? "absent",
          () => "unreachable",
        ),
      ),
    );

  it("share the sessions, and when one is down only its own fail", async () => {
    const [one, other] = [await started(), await started()];
    const store = open(one, other);
    const records = await created(store);
    await one.kill();
    const down = await fates(store, records);
    expect(new Set(down)).toEqual(new Set(["live", "unreachable"]));
    const newcomers = Array.from({ length: 20 }, () => recordAt(Date.now(), { manager }));
    const outcomes = await Promise.all(
      newcomers.map((record) => store.create(record, callFor(SOON_MS)).catch(() => "refused")),
    );
    expect(new Set(outcomes)).toEqual(new Set(["created", "refused"]));
    await one.start();
    await again(() => Promise.all(records.map(({ id }) => store.load(id, callFor(SOON_MS)))));
    const back = await fates(store, records);
    expect(back).toEqual(down.map((fate) => (fate === "live" ? "live" : "absent")));
  });

  it("show nothing older when one returns that was only unreachable", async () => {
    const [one, other] = [await started(), await started()];
    const store = open(one, other);
    const records = await created(store);
    one.pause();
    const ended = await Promise.all(
      records.map((record) =>
        store.end(tombstoneAt(Date.now(), record), undefined, callFor(SOON_MS)).then(
          ({ kind }) => kind,
          (error: unknown) => (error instanceof StoreError ? error.outcome : "unknown"),
        ),
      ),
    );
    expect(ended).toContain("ended");
    expect(ended).toContain("failed");
    one.resume();
    await again(() => Promise.all(records.map(({ id }) => store.load(id, callFor(SOON_MS)))));
    const back = await fates(store, records);
    for (const [at, fate] of ended.entries()) {
      if (fate === "ended") expect(back[at]).toBe("ended");
      // Its `gets` had no answer, so no `cas` was sent.
      if (fate === "failed") expect(back[at]).toBe("live");
    }
  });
});

it("keeps a session's place when a server is added, but for the new one's share", () => {
  const ids = Array.from({ length: 3_000 }, () => recordAt(0, { manager }).id);
  const counts = [0, 0, 0];
  for (const id of ids) {
    const [before, after] = [placeOf(id, 2), placeOf(id, 3)];
    expect([before, 2]).toContain(after);
    counts[after] = (counts[after] ?? 0) + 1;
  }
  for (const count of counts) expect(count).toBeGreaterThan(850);
});
