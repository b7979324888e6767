import { Memcache } from "memcache";
import { MemcacheClient } from "memcache-client";
import Memcached from "memcached";
import { describe, expect, it } from "vitest";
import { OptionsError } from "../../src/core/errors.ts";
import {
  type MemcachedClient,
  type MemcachedStoreOptions,
  memcachedStore,
} from "../../src/stores/memcached/index.ts";
import { exptimeOf } from "../../src/stores/memcached/lifetime.ts";
import { CALLBACK_OPTIONS } from "./support/memcached-clients.ts";

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const now = 1_800_000_000_000;

describe("memcachedStore", () => {
  const elsewhere = "127.0.0.1:1";
  const refusal = (client: unknown, options?: unknown): string => {
    try {
      memcachedStore(client as MemcachedClient, options as MemcachedStoreOptions);
      return "accepted";
    } catch (error) {
      expect(error).toBeInstanceOf(OptionsError);
      return (error as OptionsError).message;
    }
  };

  it("refuses what is no client that can compare and set", () => {
    for (const client of [undefined, null, "localhost:11211", {}, new Map()]) {
      expect(refusal(client)).toMatch(/memcache-client.*memcached.*gets, add and cas/);
    }
    expect(refusal(new Memcache(elsewhere))).toMatch(/package memcache gives no cas token/);
    expect(refusal([])).toMatch(/the list is empty/);
  });

  it("refuses a client that would ask another server when one is down", () => {
    const servers = [{ server: elsewhere }, { server: "127.0.0.1:2" }];
    expect(refusal(new MemcacheClient({ server: { servers } }))).toMatch(/one client for each/);
    expect(refusal(new MemcacheClient({ server: { servers: servers.slice(1) } }))).toBe("accepted");
    for (const more of [{ remove: true }, { failOverServers: [elsewhere] }, { redundancy: 1 }]) {
      const client = new Memcached(elsewhere, { ...CALLBACK_OPTIONS, ...more });
      expect(refusal(client)).toMatch(/an ended session would live again/);
    }
  });

  it("refuses a client that would stay away from a server that is back", () => {
    expect(refusal(new Memcached(elsewhere, CALLBACK_OPTIONS))).toBe("accepted");
    expect(refusal(new Memcached(elsewhere))).toMatch(/make it with failures: 1e9/);
    expect(refusal(new Memcached(elsewhere, { failures: 1e9 }))).toMatch(/with retry: 1000/);
  });

  it("refuses options that it does not know, or that cannot be right", () => {
    const client = new MemcacheClient({ server: elsewhere });
    expect(refusal(client, { prefix: "my sessions:" })).toMatch(/memcachedStore\.prefix/);
    expect(refusal(client, { prefix: "x".repeat(151) })).toMatch(/at most 150/);
    expect(refusal(client, { prefix: "$&" })).toMatch(/memcachedStore\.prefix/);
    expect(refusal(client, { maxItemBytes: 0 })).toMatch(/memcachedStore\.maxItemBytes/);
    expect(refusal(client, { maxItemBytes: "1m" })).toMatch(/memcachedStore\.maxItemBytes/);
    expect(refusal(client, { ttl: 60 })).toMatch(/memcachedStore\.ttl/);
    expect(refusal(client, { prefix: "" })).toBe("accepted");
  });
});

describe("the server's expiry", () => {
  it("is never before the session's own", () => {
    expect(exptimeOf(now, now)).toBe(1);
    expect(exptimeOf(now - DAY_MS, now)).toBe(1);
    expect(exptimeOf(now + 1, now)).toBe(2);
    expect(exptimeOf(now + SECOND_MS, now)).toBe(2);
    expect(exptimeOf(now + 30 * DAY_MS - SECOND_MS, now)).toBe(2_592_000);
    const beyond = now + 30 * DAY_MS;
    expect(exptimeOf(beyond, now)).toBe(Math.ceil(beyond / SECOND_MS) + 1);
  });
});
