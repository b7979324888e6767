import express from "express";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sessionMiddleware } from "../../../src/frameworks/express.ts";
import { createSessions, memoryStore, type Untyped } from "../../../src/index.ts";
import { startRedis } from "../../support/servers/redis.ts";
import type { TestServer } from "../../support/servers/test-server.ts";
import type { Jar } from "../support/jar.ts";
import {
  OLD_LIBRARIES,
  type OldLibrary,
  type Redis,
  type Site,
  siteOf,
} from "../support/old-libraries.ts";

let server: TestServer;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = await clientOf(server);
});
afterAll(async () => {
  redis.destroy();
  await server.stop();
});

async function clientOf({ port }: TestServer): Promise<Redis> {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, disableOfflineQueue: true });
  client.on("error", () => undefined);
  await client.connect();
  return client as Redis;
}

/** Of the same user everywhere, as the old application keeps them or the library does. */
async function newSite(
  { adoption }: OldLibrary,
  redis: Redis,
): Promise<Site & Pick<Manager, "revokeAll">> {
  const sessions = managerOf(
    adoption(redis, ({ values, userId }) => ({
      data: { cart: values["cart"] ?? null },
      userId: userId ?? (typeof values["user"] === "string" ? values["user"] : undefined),
    })),
  );
  const app = express().use(sessionMiddleware(sessions));
  app.get("/who", async (req, res) => {
    const session = await sessions.open(req);
    res.end(`${session.userId ?? "nobody"} ${JSON.stringify(session.get("cart") ?? null)}`);
  });
  app.get("/out", async (req, res) => {
    await (await sessions.open(req)).signOut();
    res.end();
  });
  return { ...(await siteOf(app)), revokeAll: (of) => sessions.revokeAll(of) };
}

type Manager = ReturnType<typeof managerOf>;

function managerOf(adoptable: ReturnType<OldLibrary["adoption"]>) {
  return createSessions<Untyped>({
    name: "sid",
    store: memoryStore(),
    adopt: [adoptable],
    onError: () => undefined,
  });
}

describe.each(OLD_LIBRARIES)("over HTTP, whom $name has signed in", (library) => {
  let old: Site;
  let site: Awaited<ReturnType<typeof newSite>>;
  beforeAll(async () => {
    old = await siteOf(await library.listener(redis));
    site = await newSite(library, redis);
  });
  afterAll(async () => {
    await old.stop();
    await site.stop();
  });

  async function signedIn(): Promise<Jar> {
    const jar: Jar = new Map();
    await old.ask("/in", jar);
    expect((await old.ask("/who", jar)).text).toBe("ada");
    return jar;
  }

  it("is signed in here, and holds one cookie", async () => {
    const jar = await signedIn();
    const late: Jar = new Map(jar);
    const cart = library.name.startsWith("Auth.js") ? "null" : '["tea"]';
    expect(await site.ask("/who", jar)).toEqual({ status: 200, text: `ada ${cart}` });
    expect([...jar.keys()].filter((name) => !name.includes("callback-url"))).toEqual(["sid"]);
    expect((await site.ask("/who", jar)).text).toBe(`ada ${cart}`);
    expect((await old.ask("/who", late)).text).toBe(library.isKept ? "nobody" : "ada");
  });

  it("stays signed out after the sign-out", async () => {
    const jar = await signedIn();
    const late: Jar = new Map(jar);
    await site.ask("/who", jar);
    await site.ask("/out", jar);
    expect((await site.ask("/who", jar)).text).toBe("nobody null");
    expect((await site.ask("/who", late)).text).toBe("nobody null");
  });

  it("is nobody with a cookie that was changed, or under another's name", async () => {
    const jar = await signedIn();
    for (const [name, value] of jar) {
      const place = Math.floor(value.length / 3);
      const other = value.charAt(place) === "A" ? "B" : "A";
      jar.set(name, value.slice(0, place) + other + value.slice(place + 1));
    }
    expect(await site.ask("/who", jar)).toEqual({ status: 200, text: "nobody null" });
    const oversize: Jar = new Map([...jar.keys()].map((name) => [name, "A".repeat(5_000)]));
    expect(await site.ask("/who", oversize)).toEqual({ status: 200, text: "nobody null" });
  });

  it("is not let in where all of the user's sessions have ended since", async () => {
    const jar = await signedIn();
    await site.revokeAll({ userId: "ada" });
    expect(await site.ask("/who", jar)).toEqual({ status: 200, text: "nobody null" });
  });
});

describe("an old store that does not answer", () => {
  it.each(["express-session", "@fastify/session"])(
    "is answered with 503, and its visitors keep their cookie: %s",
    async (name) => {
      const library = OLD_LIBRARIES.find((each) => each.name === name);
      if (library === undefined) throw new Error("no library");
      const own = await startRedis();
      const client = await clientOf(own);
      const old = await siteOf(await library.listener(client));
      const site = await newSite(library, client);
      const jar: Jar = new Map();
      await old.ask("/in", jar);
      const before = [...jar];
      await own.stop();
      expect((await site.ask("/who", jar)).status).toBe(503);
      expect([...jar]).toEqual(before);
      client.destroy();
      await Promise.all([old.stop(), site.stop()]);
    },
  );
});
