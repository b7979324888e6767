import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MemcachedLine } from "../../../src/interop/places/memcached-line.ts";
import { memcachedRows } from "../../../src/interop/places/memcached-rows.ts";
import type { ForeignPlace } from "../../../src/interop/places/place.ts";
import { CLIENTS, type OpenClient } from "../../stores/support/memcached-clients.ts";
import { memcached } from "../../support/servers/memcached.ts";
import { startProxy, type TestProxy } from "../../support/servers/proxy.ts";
import { startServer, type TestServer } from "../../support/servers/test-server.ts";
import { call, describePlace, expectBounded } from "./suite.ts";

const keyFor = (key: string): string => `session:${key}`;

let server: TestServer;
let proxy: TestProxy;
let place: ForeignPlace;
const opened = new Map<string, OpenClient>();
beforeAll(async () => {
  server = await startServer(memcached());
  proxy = await startProxy({ port: server.port, seed: 1 });
  place = memcachedRows(`127.0.0.1:${server.port}`, { keyFor, flags: 0 });
  for (const [name, open] of CLIENTS) opened.set(name, open(server));
});
afterAll(async () => {
  for (const { close } of opened.values()) close();
  await proxy?.close();
  await server?.stop();
});

describePlace("Memcached", () => place);

describe("sessions of another framework in Memcached", () => {
  const NOW = Date.now();
  const row = { bytes: Buffer.from("x"), endsAt: NOW + 3_600_000 };

  it.each(CLIENTS.map(([name]) => name))("are found by the client of %s", async (name) => {
    const client = opened.get(name)?.client ?? "";
    const rows = memcachedRows(client, { keyFor, flags: 0 });
    await place.insert(`by ${name}`.replace(" ", "-"), row, call());
    expect(await rows.read(`by-${name}`, call())).toBeDefined();
  });

  it("keep the flags that they have, and begin with those given", async () => {
    const pickles = memcachedRows(`127.0.0.1:${server.port}`, { keyFor, flags: 1 });
    await pickles.insert("flags", row, call());
    await place.replace("flags", row.bytes, { ...row, bytes: Buffer.from("y") }, call());
    const line = new MemcachedLine({ host: "127.0.0.1", port: server.port });
    const { words } = await line.send(Buffer.from("mg session:flags f\r\n"));
    expect(words).toEqual(["HD", "f1"]);
    line.cut();
  });

  it("live for longer than the thirty days that Memcached counts from now", async () => {
    const endsAt = NOW + 60 * 86_400_000;
    await place.insert("long", { ...row, endsAt }, call(NOW));
    const found = await place.read("long", call(NOW));
    expect(Math.abs((found?.endsAt ?? 0) - endsAt)).toBeLessThan(30_000);
  });

  it.each(["a b", "a\r\nflush_all", "a\u0000", "k".repeat(250), "\ud800"])(
    "are absent under the key %j",
    async (key) => {
      await place.insert("bystander", row, call());
      expect(await place.read(key, call())).toBeUndefined();
      expect(await place.insert(key, row, call())).toBe(false);
      expect(await place.replace(key, row.bytes, row, call())).toBe(false);
      expect(await place.remove(key, undefined, call())).toBe(false);
      expect(await place.read("bystander", call())).toBeDefined();
    },
  );

  it("are waited for no longer than the signal where the server stands still", async () => {
    const rows = memcachedRows(`127.0.0.1:${proxy.port}`, { keyFor, flags: 0 });
    await expectBounded(rows, "stalled", {
      hold: () => proxy.hold(),
      pass: () => proxy.pass(),
    });
  });

  it("are refused where they are too large, and the next is not", async () => {
    const large = { ...row, bytes: Buffer.alloc(2_000_000) };
    await expect(place.insert("large", large, call())).rejects.toThrow(/too large/);
    expect(await place.insert("small", row, call())).toBe(true);
  });

  it("are not looked for on several servers", () => {
    const servers = { servers: ["a:1", "b:2"] } as never;
    expect(() => memcachedRows(servers, { keyFor, flags: 0 })).toThrow(/one server/);
  });
});
