// Writes javascript.json: sessions as the real libraries leave them, with a fixed clock and secrets.
//
// In an empty folder:
//   npm install iron8@npm:iron-session@8.0.4 iron9@npm:iron-session@9.0.1 better-auth@1.7.25 \
//     next-auth4@npm:next-auth@4.24.15 h3v1@npm:h3@1.15.11 h3v2@npm:h3@2.0.8 hono hono-sessions@0.8.1 \
//     @auth/core@0.41.3 express express-session@1.19.0 fastify @fastify/cookie @fastify/session@11.1.3 \
//     @fastify/secure-session@8.4.0 cookie-session@2.1.1 koa koa-session@7.0.2
//   node write_javascript.mjs > javascript.json
import { createServer } from "node:http";
import { createRequire } from "node:module";

const AT = 1_700_000_000_000;
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [AT] : given));
  }
  static now() {
    return AT;
  }
};

const here = createRequire(`${process.cwd()}/package.json`);
const versionOf = (name) => here(`./node_modules/${name}/package.json`).version;
const VALUES = { cart: ["tea", "Brötchen 🥐"], n: 1.5, none: null, deep: { a: [true, { b: "" }] } };
const SECRET = "an old secret of 32 characters, é";
const LONG = "x".repeat(5_000);
const vectors = [];

function add(library, version, id, cookies, options, stored) {
  vectors.push({ library, version, id, cookies, options, ...(stored !== undefined && { stored }) });
}

/** The raw cookies of `Set-Cookie` lines. */
function cookiesOf(lines) {
  const pairs = lines.map((line) => /^([^=]+)=([^;]*)/.exec(line).slice(1));
  return Object.fromEntries(pairs.filter(([, value]) => value !== ""));
}

async function answered(listener) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resume) => server.once("listening", resume));
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/`, {
    headers: { "x-forwarded-proto": "https" },
  });
  if (!answer.ok) throw new Error(await answer.text());
  server.closeAllConnections();
  await new Promise((resume) => server.close(resume));
  return cookiesOf(answer.headers.getSetCookie());
}

const stringOf = (map) => Object.fromEntries([...map].map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]));

// express-session
{
  const express = here("express");
  const session = here("express-session");
  for (const [id, cookie] of [["max-age", { maxAge: 3_600_000 }], ["browser", {}]]) {
    const store = new session.MemoryStore();
    const app = express().use(
      session({ secret: [SECRET, "older"], store, resave: false, saveUninitialized: false, cookie }),
    );
    app.get("/", (req, res) => {
      Object.assign(req.session, VALUES, {
        passport: { user: 7 },
        flash: { info: ["Saved", "Twice"], error: ["No"] },
      });
      res.end();
    });
    const cookies = await answered(app);
    add("express-session", versionOf("express-session"), id, cookies, { secret: SECRET }, stringOf(Object.entries(store.sessions)));
  }
}

// @fastify/session
{
  const fastify = here("fastify");
  for (const [id, options] of [
    ["max-age", { cookie: { maxAge: 3_600_000, secure: false } }],
    ["prefixed", { cookie: { secure: false }, cookiePrefix: "s:", cookieName: "connect.sid" }],
    ["sha512", { cookie: { secure: false }, algorithm: "sha512" }],
  ]) {
    const rows = new Map();
    const store = {
      get: (key, done) => done(null, rows.has(key) ? JSON.parse(rows.get(key)) : null),
      set: (key, value, done) => done(null, rows.set(key, JSON.stringify(value)) && undefined),
      destroy: (key, done) => done(null, rows.delete(key) && undefined),
    };
    const app = fastify();
    app.register(here("@fastify/cookie"));
    app.register(here("@fastify/session"), { secret: SECRET, store, ...options });
    app.get("/", async (request) => {
      Object.assign(request.session, VALUES, { passport: "ada" });
      return "";
    });
    const answer = await app.inject("/");
    const { cookiePrefix, cookieName, algorithm } = options;
    add("@fastify/session", versionOf("@fastify/session"), id, cookiesOf([answer.headers["set-cookie"]].flat()), { secret: SECRET, cookiePrefix, cookieName, algorithm }, stringOf(rows));
  }
}

// @fastify/secure-session
{
  const fastify = here("fastify");
  const sodium = here("sodium-native");
  const derived = Buffer.alloc(32);
  const salt = Buffer.from("mq9hDxBVDbspDR6nLfFT1g==", "base64");
  sodium.crypto_pwhash(
    derived,
    Buffer.from(SECRET),
    salt,
    sodium.crypto_pwhash_OPSLIMIT_MODERATE,
    sodium.crypto_pwhash_MEMLIMIT_MODERATE,
    sodium.crypto_pwhash_ALG_DEFAULT,
  );
  const key = Buffer.alloc(32, 7);
  for (const [id, options, opens] of [
    ["key", { key }, key.toString("base64")],
    ["secret", { secret: SECRET }, derived.toString("base64")],
  ]) {
    const app = fastify();
    app.register(here("@fastify/secure-session"), { ...options, cookie: { path: "/" } });
    app.get("/", async (request) => {
      for (const [name, value] of Object.entries(VALUES)) request.session.set(name, value);
      request.session.set("passport", "ada");
      return "";
    });
    const answer = await app.inject("/");
    add("@fastify/secure-session", versionOf("@fastify/secure-session"), id, cookiesOf([answer.headers["set-cookie"]].flat()), { key: opens });
  }
}

// iron-session
for (const name of ["iron8", "iron9"]) {
  const { getIronSession } = await import(here.resolve(name));
  for (const [id, options] of [
    ["usual", { password: SECRET }],
    ["numbered", { password: { 1: SECRET, 12: `${SECRET}, newer` } }],
    ["endless", { password: SECRET, ttl: 0 }],
    ...(name === "iron9" ? [["chunked", { password: SECRET, chunk: true }]] : []),
  ]) {
    const cookies = await answered(async (req, res) => {
      const session = await getIronSession(req, res, { cookieName: "app", ...options });
      Object.assign(session, VALUES, { user: 7 }, id === "chunked" && { long: LONG });
      await session.save();
      res.end();
    });
    const { password, ttl } = options;
    add("iron-session", versionOf(name), id, cookies, { password, cookieName: "app", ttl: ttl === 0 ? false : undefined });
  }
}

// h3, and what nuxt-auth-utils calls of it
{
  const one = await import(here.resolve("h3v1"));
  for (const [id, config, data] of [
    ["usual", { password: SECRET }, VALUES],
    ["max-age", { password: SECRET, maxAge: 3_600, name: "stay" }, VALUES],
    ["nuxt", { password: SECRET, name: "nuxt-session" }, { user: { id: 7, login: "ada" }, loggedInAt: AT }],
  ]) {
    const app = one.createApp();
    app.use("/", one.eventHandler(async (event) => {
      await (await one.useSession(event, config)).update(data);
      return "done";
    }));
    const cookies = await answered(one.toNodeListener(app));
    const { maxAge, ...rest } = config;
    add(id === "nuxt" ? "nuxt-auth-utils" : "h3", versionOf("h3v1"), id, cookies, { ...rest, maxAge: maxAge && maxAge * 1_000 });
  }
  const two = await import(here.resolve("h3v2"));
  for (const [id, config, data] of [
    ["usual", { password: SECRET }, VALUES],
    ["idle", { password: SECRET, maxAge: 7_200, idleTimeout: 3_600 }, VALUES],
    ["chunked", { password: SECRET }, { ...VALUES, long: LONG }],
  ]) {
    const app = new two.H3();
    app.get("/", async (event) => {
      await (await two.useSession(event, config)).update(data);
      return "done";
    });
    const answer = await app.request("/");
    const { maxAge, idleTimeout, ...rest } = config;
    add("h3", versionOf("h3v2"), id, cookiesOf(answer.headers.getSetCookie()), { ...rest, version: "2", maxAge: maxAge && maxAge * 1_000, idleTimeout: idleTimeout && idleTimeout * 1_000 });
  }
}

// hono-sessions
{
  const { Hono } = await import(here.resolve("hono"));
  const { sessionMiddleware, MemoryStore, CookieStore } = await import(here.resolve("hono-sessions"));
  for (const [id, encryptionKey, Store] of [
    ["stored", SECRET, MemoryStore],
    ["plain-id", undefined, MemoryStore],
    ["whole", SECRET, CookieStore],
  ]) {
    const store = new Store();
    const app = new Hono();
    app.use("*", sessionMiddleware({ store, encryptionKey, expireAfterSeconds: 900, cookieOptions: { path: "/" } }));
    app.get("/", (c) => {
      const session = c.get("session");
      for (const [name, value] of Object.entries(VALUES)) session.set(name, value);
      session.set("user", 7);
      session.flash("info", "Saved");
      return c.text("");
    });
    const answer = await app.request("/");
    add("hono-sessions", versionOf("hono-sessions"), id, cookiesOf(answer.headers.getSetCookie()), { encryptionKey }, store.data && stringOf(store.data));
  }
}

// Auth.js
{
  const { encode } = await import(here.resolve("@auth/core/jwt"));
  const { SessionStore } = await import(`${process.cwd()}/node_modules/@auth/core/lib/utils/cookie.js`);
  const name = "__Secure-authjs.session-token";
  for (const [id, token, secret] of [
    ["usual", { sub: "ada", email: "ada@example.org", ...VALUES }, SECRET],
    ["rotated", { sub: "ada" }, [SECRET, "older"]],
    ["chunked", { sub: "ada", long: LONG }, SECRET],
  ]) {
    const value = await encode({ token, secret, salt: name, maxAge: 3_600 });
    const chunks = new SessionStore({ name, options: {} }, {}, { debug() {} }).chunk(value, {});
    add("Auth.js", versionOf("@auth/core"), id, Object.fromEntries(chunks.map((chunk) => [chunk.name, chunk.value])), { secret: [secret].flat().at(0) });
  }
  const four = here("next-auth4/jwt");
  const value = await four.encode({ token: { sub: "ada", email: "ada@example.org" }, secret: SECRET, maxAge: 3_600 });
  add("Auth.js", versionOf("next-auth4"), "next-auth", { "__Secure-next-auth.session-token": value }, { secret: SECRET, version: "4" });
}

// better-auth
{
  const { betterAuth } = await import(here.resolve("better-auth"));
  const { memoryAdapter } = await import(here.resolve("better-auth/adapters/memory"));
  const secondary = new Map();
  const database = { user: [], session: [], account: [], verification: [] };
  for (const [id, storage] of [
    ["database", undefined],
    ["secondary", { get: async (key) => secondary.get(key) ?? null, set: async (key, value) => void secondary.set(key, value), delete: async (key) => void secondary.delete(key) }],
  ]) {
    const auth = betterAuth({
      secret: SECRET,
      baseURL: "https://example.org",
      database: memoryAdapter(database),
      emailAndPassword: { enabled: true },
      telemetry: { enabled: false },
      ...(storage && { secondaryStorage: storage }),
    });
    const answer = await auth.handler(
      new Request("https://example.org/api/auth/sign-up/email", {
        method: "POST",
        headers: { "content-type": "application/json", origin: "https://example.org" },
        body: JSON.stringify({ name: "Ada", email: `${id}@example.org`, password: "correct horse battery" }),
      }),
    );
    if (!answer.ok) throw new Error(await answer.text());
    const cookies = cookiesOf(answer.headers.getSetCookie());
    const { internalAdapter } = await auth.$context;
    const [token] = decodeURIComponent(cookies["__Secure-better-auth.session_token"]).split(".");
    const found = await internalAdapter.findSession(token);
    const rows = storage ? { [token]: secondary.get(token) } : { [token]: JSON.stringify(found) };
    add("better-auth", versionOf("better-auth"), id, cookies, { secret: SECRET }, rows);
  }
}

// cookie-session
{
  const express = here("express");
  for (const [id, options] of [["usual", {}], ["older-key", { keys: ["older"] }]]) {
    const app = express().use(here("cookie-session")({ name: "session", keys: [SECRET, "older"], ...options }));
    app.get("/", (req, res) => {
      Object.assign(req.session, VALUES, { passport: { user: "ada" } });
      res.end();
    });
    add("cookie-session", versionOf("cookie-session"), id, await answered(app), { keys: [SECRET, "older"] });
  }
}

// koa-session
{
  const Koa = here("koa");
  const koaSession = here("koa-session");
  const middleware = koaSession.default ?? koaSession.createSession ?? koaSession;
  for (const [id, isStored, maxAge] of [["whole", false, 3_600_000], ["browser", false, "session"], ["stored", true, 3_600_000]]) {
    const rows = new Map();
    const store = { get: async (key) => rows.get(key), set: async (key, value) => void rows.set(key, value), destroy: async (key) => void rows.delete(key) };
    const app = new Koa();
    app.keys = [SECRET, "older"];
    app.use(middleware({ maxAge, ...(isStored && { store }) }, app));
    app.use((ctx) => {
      Object.assign(ctx.session, VALUES, { passport: { user: "ada" } });
      ctx.body = "";
    });
    add("koa-session", versionOf("koa-session"), id, await answered(app.callback()), { keys: [SECRET, "older"] }, isStored ? stringOf(rows) : undefined);
  }
}

process.stdout.write(`${JSON.stringify({ node: process.version, at: AT, values: VALUES, secret: SECRET, vectors }, undefined, 1)}\n`);
process.exit(0);
