import { randomUUID } from "node:crypto";
import { createClient } from "redis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { memoryStore } from "../../../src/index.ts";
import { type RedisSessionStore, redisStore } from "../../../src/stores/redis/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import { startRedis } from "../../support/servers/redis.ts";
import type { TestServer } from "../../support/servers/test-server.ts";
import { OldSite, OURS, show, usual, WHOLE } from "../support/old-site.ts";

const ROUNDS = 50;
const AT_ONCE = 8;

let server: TestServer;
const open: { readonly store: RedisSessionStore; end(): void }[] = [];
beforeAll(async () => {
  server = await startRedis();
  for (let process = 0; process < 2; process += 1) open.push(await connect());
});
afterAll(async () => {
  for (const { end } of open) end();
  await server.stop();
});

async function connect(): Promise<(typeof open)[number]> {
  const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
  await client.connect();
  return { store: redisStore(client), end: () => client.destroy() };
}

it.each(["kept", "whole"])(
  "many first requests at once, at two processes over Redis, begin one session: %s",
  async (which) => {
    const site = new OldSite();
    const given = which === "kept" ? {} : WHOLE;
    const [one, other] = open.map(({ store }) => {
      site.store = store;
      return site.open(usual, given);
    });
    if (one === undefined || other === undefined) throw new Error("no process");
    site.store = memoryStore();
    const keeps = (document: object): Browser => site.visitor(document, {}, randomUUID());
    for (let round = 0; round < ROUNDS; round += 1) {
      const userId = `${which}-${round}`;
      const document = { cart: ["tea"], _user: userId };
      const { jar } = which === "kept" ? keeps(document) : site.carrier(document);
      const copies = Array.from(
        { length: AT_ONCE },
        (_, index) => new Browser(index % 2 === 0 ? one : other, jar),
      );
      const answers = await Promise.all(copies.map((copy) => copy.visit(show)));
      const seen = answers.map(({ json }) => json);
      expect(seen).toEqual(copies.map(() => ({ user: userId, values: { cart: ["tea"] } })));
      expect(new Set(copies.map((copy) => copy.jar.get(OURS))).size).toBe(1);
      expect(await other.list({ userId })).toHaveLength(1);
    }
    expect(site.errors).toEqual([]);
  },
);
