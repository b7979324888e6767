import { RedisStore } from "connect-redis";
import express from "express";
import openidConnect from "express-openid-connect";
import { decodeJwt } from "jose";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSessions, memoryStore } from "../../../src/index.ts";
import { asConnectStore } from "../../../src/stores/bridges/index.ts";
import { redisStore } from "../../../src/stores/redis/index.ts";
import { sqliteStore } from "../../../src/stores/sqlite/index.ts";
import { startRedis } from "../../support/servers/redis.ts";
import type { TestServer } from "../../support/servers/test-server.ts";
import { CLIENT, serveProvider } from "./support/provider.ts";
import { type Site, serveSite } from "./support/site.ts";

type Store = NonNullable<NonNullable<openidConnect.ConfigParams["session"]>["store"]>;

const NAME = "appSession";

let redis: TestServer;
let client: ReturnType<typeof createClient>;
beforeAll(async () => {
  redis = await startRedis();
  client = createClient({ url: `redis://127.0.0.1:${redis.port}` });
  await client.connect();
});
afterAll(async () => {
  client.destroy();
  await redis.stop();
});

/** Whose a session of express-openid-connect's is. */
function userId({ data }: Readonly<Record<string, unknown>>): string | undefined {
  const { id_token: token } = Object(data) as { readonly id_token?: string };
  return token === undefined ? undefined : decodeJwt(token).sub;
}

const stores = {
  "connect-redis, as it is": () => new RedisStore({ client }),
  "our memory store": () => asConnectStore(memoryStore(), { name: NAME, userId }),
  "our SQLite store": () => asConnectStore(sqliteStore(":memory:"), { name: NAME, userId }),
  "our Redis store": () => asConnectStore(redisStore(client), { name: NAME, userId }),
};

let site: Site;
let provider: Site;
afterEach(() => Promise.all([site.close(), provider.close()]));

async function serveWith(store: unknown): Promise<void> {
  site = await serveSite(async (origin) => {
    provider = await serveProvider(`${origin}/callback`, origin);
    const app = express();
    app.use(
      openidConnect.auth({
        issuerBaseURL: provider.origin,
        baseURL: origin,
        clientID: CLIENT.id,
        clientSecret: CLIENT.secret,
        secret: "a secret of 32 characters or more.",
        authRequired: false,
        idpLogout: false,
        authorizationParams: { response_type: "code", scope: "openid" },
        session: { store: store as Store, name: NAME },
      }),
    );
    app.get("/", (request, response) => {
      response.json({ user: request.oidc.user?.["sub"] ?? "nobody" });
    });
    return app;
  });
}

describe.each(Object.entries(stores))("express-openid-connect over %s", (_name, open) => {
  beforeEach(() => serveWith(open()));

  it("signs in and out, and a kept cookie is nobody's afterwards", async () => {
    const browser = site.browser();
    await browser.get("/login");
    expect(await (await browser.get("/")).json()).toEqual({ user: "ada" });
    const kept = browser.cookies().find(({ name }) => name === NAME)?.value;
    await browser.get("/logout");
    expect(await (await browser.get("/")).json()).toEqual({ user: "nobody" });
    const late = await fetch(site.origin, { headers: { cookie: `${NAME}=${kept}` } });
    expect(await late.json()).toEqual({ user: "nobody" });
  });
});

it("a manager of the same name lists express-openid-connect's users, and ends them", async () => {
  const store = memoryStore();
  await serveWith(asConnectStore(store, { name: NAME, userId }));
  const sessions = createSessions({ name: NAME, store });
  const browser = site.browser();
  await browser.get("/login");
  expect(await sessions.list({ userId: "ada" })).toHaveLength(1);
  expect(await sessions.revokeAll({ userId: "ada" })).toBe(1);
  expect(await (await browser.get("/")).json()).toEqual({ user: "nobody" });
  await sessions.close();
});

describe("a store of ours, as one made for express-session", () => {
  const session = { cookie: { maxAge: 60_000 }, key: "value" };
  const asked = (act: (done: (error: unknown, value?: unknown) => void) => void) =>
    new Promise((resolve, reject) =>
      act((error, value) => (error ? reject(error) : resolve(value))),
    );

  it("stores under a hash of the id, and lets nothing late bring back what has ended", async () => {
    const inner = memoryStore();
    const store = asConnectStore(inner, { name: NAME });
    await asked((done) => store.set("the id", session, done));
    expect(await asked((done) => store.get("the id", done))).toEqual(session);
    const call = { now: Date.now(), signal: new AbortController().signal };
    const page = { manager: NAME, after: undefined, limit: 10 };
    const [record] = await inner.directory.scan(page, call);
    expect(JSON.stringify(record)).not.toContain("the id");
    await asked((done) => store.destroy("the id", done));
    await expect(asked((done) => store.set("the id", session, done))).rejects.toThrow("has ended");
    expect(await asked((done) => store.get("the id", done))).toBeUndefined();
  });
});
