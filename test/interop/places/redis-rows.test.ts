import { Redis as IoRedis } from "ioredis";
import { Redis as IoValkey } from "iovalkey";
import { createClient, createClientPool, RESP_TYPES } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ForeignPlace } from "../../../src/interop/places/place.ts";
import { redisRows } from "../../../src/interop/places/redis-rows.ts";
import { startProxy, type TestProxy } from "../../support/servers/proxy.ts";
import { startRedis } from "../../support/servers/redis.ts";
import type { TestServer } from "../../support/servers/test-server.ts";
import { call, describePlace, expectBounded } from "./suite.ts";

const keyFor = (key: string): string => `session:${key}`;
const HOUR = 3_600_000;

let server: TestServer;
let proxy: TestProxy;
let raw: IoRedis;
const places = new Map<string, ForeignPlace>();
const closings: (() => unknown)[] = [];
const place = (name: string): ForeignPlace => places.get(name) as ForeignPlace;

beforeAll(async () => {
  server = await startRedis();
  proxy = await startProxy({ port: server.port, seed: 1 });
  raw = new IoRedis(server.port);
  closings.push(() => raw.disconnect());
  const url = `redis://127.0.0.1:${server.port}`;
  const ioredis = new IoRedis(server.port);
  const iovalkey = new IoValkey(server.port);
  const node = createClient({ url });
  const mapped = createClient({
    url,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
  const pool = createClientPool({ url });
  for (const client of [ioredis, iovalkey]) client.on("error", () => undefined);
  for (const client of [node, mapped]) client.on("error", () => undefined);
  pool.on("error", () => undefined);
  await Promise.all([node.connect(), mapped.connect(), pool.connect()]);
  for (const client of [ioredis, iovalkey]) closings.push(() => client.disconnect());
  for (const client of [node, mapped, pool]) closings.push(() => client.destroy());
  places.set("ioredis", redisRows(ioredis, { keyFor }));
  places.set("iovalkey", redisRows(iovalkey, { keyFor }));
  places.set("redis", redisRows(node, { keyFor }));
  places.set("redis that gives bytes", redisRows(mapped, { keyFor }));
  places.set("a pool of redis", redisRows(pool, { keyFor }));
});

afterAll(async () => {
  for (const close of closings) close();
  await proxy?.close();
  await server?.stop();
});

for (const name of ["ioredis", "iovalkey", "redis", "redis that gives bytes", "a pool of redis"]) {
  describePlace(`Redis, by ${name}`, () => place(name));
}

describe("sessions of another framework in Redis", () => {
  it("leaves there the very bytes, and a life in milliseconds", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);
    const now = 1_000;
    await place("ioredis").insert("plain", { bytes, endsAt: now + HOUR }, call(now));
    expect((await raw.getBuffer("session:plain"))?.equals(bytes)).toBe(true);
    const leftMs = await raw.pttl("session:plain");
    expect(leftMs).toBeGreaterThan(HOUR - 20_000);
    expect(leftMs).toBeLessThanOrEqual(HOUR);
  });

  it("takes what lives for ever for alive", async () => {
    await raw.set("session:lasting", Buffer.from([0x80, 0x04, 0x7d]));
    const row = await place("redis").read("lasting", call());
    expect([...(row?.bytes ?? [])]).toEqual([0x80, 0x04, 0x7d]);
    expect(row?.endsAt).toBeGreaterThan(Date.UTC(9999));
  });

  it("lets the end stay as exact as the server tells it", async () => {
    await raw.set("session:soon", "x", "PX", 90_000);
    const row = await place("redis").read("soon", call(5_000));
    expect(row?.endsAt).toBeGreaterThan(5_000 + 60_000);
    expect(row?.endsAt).toBeLessThanOrEqual(5_000 + 90_000);
  });

  it("needs one command for each operation", async () => {
    const bytes = Buffer.from("x");
    const endsAt = Date.now() + HOUR;
    const rows = place("redis");
    const steps = [
      () => rows.insert("counted", { bytes, endsAt }, call()),
      () => rows.read("counted", call()),
      () => rows.replace("counted", bytes, { bytes, endsAt }, call()),
      () => rows.extend?.("counted", bytes, endsAt, call()),
      () => rows.remove("counted", bytes, call()),
    ];
    for (const step of steps) {
      const before = await sent();
      await step();
      expect((await sent()) - before).toBe(2);
    }
  });

  it("is given back its scripts by a server that forgot them", async () => {
    await raw.script("FLUSH");
    expect(await place("redis").read("nobody", call())).toBeUndefined();
  });

  it("refuses what stands there and is no text", async () => {
    await raw.hset("session:hash", { a: "b" });
    await expect(place("redis").read("hash", call())).rejects.toThrow(/nothing was written/);
  });

  it("waits no longer than the signal for a server that stands still", async () => {
    const client = new IoRedis(proxy.port);
    client.on("error", () => undefined);
    closings.push(() => client.disconnect());
    await expectBounded(redisRows(client, { keyFor }), "stalled", {
      hold: () => proxy.hold(),
      pass: () => proxy.pass(),
    });
  });

  it("refuses a client that would look elsewhere", () => {
    const client = new IoRedis(server.port, { keyPrefix: "shop:", lazyConnect: true });
    expect(() => redisRows(client, { keyFor })).toThrow(/without keyPrefix/);
    client.disconnect();
  });
});

/** What clients have sent so far, the question itself included; scripts' own commands are not counted. */
async function sent(): Promise<number> {
  const info = await raw.info("commandstats");
  const calls = (name: string): number =>
    Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(info)?.[1] ?? 0);
  return calls("info") + calls("evalsha") + calls("eval");
}
