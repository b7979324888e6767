/**
 * What does `sojourn/express-session` add to a request on Express 5, beside express-session itself over
 * the same store: made for it, and one of ours, in memory and in Redis?
 * Usage: npm run bench -- express-session-drop-in
 *
 * As in cost-per-request-beside-express-session.bench.ts the requests are real and travel over
 * sockets in memory, 32 at a time, each in a session of its own. Redis is a real server beside, whose
 * own time does not count; that of its client does. How much that is shows the row of connect-redis
 * alone: it is called as express-session calls it (get; set where something changed, touch where not),
 * and nothing else is done: no id is signed or hashed, nothing is compared, nothing waits its turn.
 * A store of ours is shown to express-session by `asConnectStore`.
 */
import { randomBytes } from "node:crypto";
import type { RequestListener } from "node:http";
import { RedisStore } from "connect-redis";
import express, { type RequestHandler } from "express";
import expressSession, { type SessionData, Store } from "express-session";
import { createClient } from "redis";
import { memoryStore, type SessionStore } from "sojourn";
import { asConnectStore } from "sojourn/bridges";
import dropIn from "sojourn/express-session";
import { redisStore } from "sojourn/redis";
import { startRedis } from "../test/support/servers/redis.ts";
import { bareExpress } from "./support/bare-apps.ts";
import { request } from "./support/memory-request.ts";
import {
  answerRounds,
  type Cost,
  each,
  machine,
  printHead,
  printRow,
  REQUESTS_PER_ROUND,
  Rival,
  takeTurns,
  text,
} from "./support/rivals.ts";
import { DATA, type Shop } from "./support/shop.ts";

const CASES = [
  { name: "new visitor", path: "/untouched", isKnown: false, isGated: true },
  { name: "read", path: "/read", isKnown: true, isGated: true },
  { name: "write", path: "/write", isKnown: true, isGated: true },
  { name: "create", path: "/create", isKnown: false, isGated: false },
] as const;

/** The most that the drop-in may add, as a part of what express-session adds. */
const LIMIT = 0.6;
const EFFORT = { processes: 2, roundsPerProcess: 24 };
const ROUNDS: number = EFFORT.processes * EFFORT.roundsPerProcess;

process.env["NODE_ENV"] = "production";

const OPTIONS = {
  secret: "s".repeat(32),
  resave: false,
  saveUninitialized: false,
  cookie: { secure: true },
};

type Redis = Parameters<typeof redisStore>[0];

const COOKIE = "connect.sid=";

function connectRedisAlone(client: unknown): RequestHandler {
  const store = new RedisStore({ client, ttl: 86_400 });
  return async (req, res, next) => {
    const brought = sidIn(req.headers.cookie);
    const session = (brought === undefined ? {} : await store.get(brought)) as SessionData;
    const before = JSON.stringify(session);
    const end: () => unknown = res.end;
    const keep = (): Promise<unknown> => {
      if (brought === undefined) {
        const sid = randomBytes(24).toString("base64url");
        res.setHeader("Set-Cookie", `${COOKIE}${sid}; Path=/; HttpOnly`);
        return store.set(sid, session);
      }
      const isSame = JSON.stringify(session) === before;
      return isSame ? store.touch(brought, session) : store.set(brought, session);
    };
    const endOnceKept = (...args: unknown[]): typeof res => {
      const isNothing = brought === undefined && Object.keys(session).length === 0;
      void (isNothing ? Promise.resolve() : keep()).then(() => Reflect.apply(end, res, args));
      return res;
    };
    Object.assign(res, { end: endOnceKept });
    Object.assign(req, { session });
    next();
  };
}

function sidIn(cookie = ""): string | undefined {
  const start = cookie.indexOf(COOKIE);
  return start === -1 ? undefined : cookie.slice(start + COOKIE.length).split(";", 1)[0];
}

/** A store of ours, as express-session takes one. */
function shown(store: SessionStore): Store {
  const ours = asConnectStore(store);
  return Object.assign(Object.create(Store.prototype), {
    get: ours.get.bind(ours),
    set: ours.set.bind(ours),
    destroy: ours.destroy.bind(ours),
  });
}

/** Each with the session in `req.session`. */
const LAYERS = {
  "express-session": () => expressSession(OPTIONS),
  "drop-in": () => dropIn(OPTIONS),
  "express-session, memoryStore()": () =>
    expressSession({ ...OPTIONS, store: shown(memoryStore()) }),
  "drop-in, memoryStore()": () => dropIn({ ...OPTIONS, store: memoryStore() }),
  "express-session, connect-redis": (client) =>
    expressSession({ ...OPTIONS, store: new RedisStore({ client }) }),
  "connect-redis alone": connectRedisAlone,
  "drop-in, connect-redis": (client) =>
    dropIn({ ...OPTIONS, store: new RedisStore({ client }) as never }),
  "express-session, redisStore()": (client) =>
    expressSession({ ...OPTIONS, store: shown(redisStore(client as Redis)) }),
  "drop-in, redisStore()": (client) => dropIn({ ...OPTIONS, store: redisStore(client as Redis) }),
} as const satisfies Readonly<Record<string, (client: unknown) => RequestHandler>>;

type Layer = keyof typeof LAYERS;
/** Each over one store, express-session first. */
const GROUPS: readonly (readonly Layer[])[] = [
  ["express-session", "drop-in"],
  ["express-session, memoryStore()", "drop-in, memoryStore()"],
  ["express-session, connect-redis", "connect-redis alone", "drop-in, connect-redis"],
  ["express-session, redisStore()", "drop-in, redisStore()"],
];

function application(layer: RequestHandler): RequestListener {
  const app = express();
  app.use(layer);
  app.get("/untouched", (_req, res) => res.end("ok"));
  app.get("/read", (req, res) => res.end(shopOf(req).theme ?? "none"));
  app.get("/write", (req, res) => {
    const shop = shopOf(req);
    shop.visits = (shop.visits ?? 0) + 1;
    res.end("ok");
  });
  app.get("/create", (req, res) => {
    Object.assign(shopOf(req), DATA);
    res.end("ok");
  });
  return app;
}

function shopOf(req: object): Partial<Shop> {
  return (req as { readonly session: Partial<Shop> }).session;
}

async function serve(name: string): Promise<void> {
  const isBare = name === "bare";
  const client = createClient({ url: process.env["BENCH_REDIS"] ?? "" });
  client.on("error", (error) => console.error(error));
  if (name.includes("edis")) await client.connect();
  const listener = isBare ? bareExpress() : application(LAYERS[name as Layer](client));
  await answerRounds({
    cases: CASES,
    visit: (path, cookie) => request(listener, path, cookie),
    check: ({ path, isKnown }, { cookies, text }) => {
      const isRead = path !== "/read" || !isKnown || text.endsWith(DATA.theme);
      return isRead && cookies.length > 0 === (path === "/create" && !isBare);
    },
  });
}

async function compare(): Promise<void> {
  const server = await startRedis();
  process.env["BENCH_REDIS"] = `redis://127.0.0.1:${server.port}`;
  try {
    const bare = new Rival(import.meta.filename, "bare");
    const groups = GROUPS.map((names) =>
      names.map((name) => ({ name, rival: new Rival(import.meta.filename, name) })),
    );
    await takeTurns([bare, ...groups.flat().map(({ rival }) => rival)], CASES, EFFORT);
    console.log(
      "\nµs of processor time that the session layer adds to one request on Express 5:\nlower " +
        `quartile (median) of ${ROUNDS} rounds of ${REQUESTS_PER_ROUND} requests.\n${machine()}`,
    );
    for (const group of groups) report(bare, group);
  } finally {
    await server.stop();
  }
}

function report(bare: Rival, group: readonly { name: string; rival: Rival }[]): void {
  console.log("");
  const [theirs, ...ours] = group;
  printHead(["", ...group.map(({ name }) => name), ...ours.map(() => "of it"), "limit"]);
  for (const one of CASES) {
    const base = theirs?.rival.added(one, bare);
    if (base === undefined) continue;
    const costs = ours.map(({ rival }) => rival.added(one, bare));
    const ratios = costs.map((cost) => each(cost, base, (mine, other) => mine / other));
    const gated = ratios.filter((_ratio, place) => ours[place]?.name.startsWith("drop-in"));
    const isOver = one.isGated && gated.some(({ quartile }) => !(quartile <= LIMIT));
    if (isOver) process.exitCode = 1;
    printRow([
      one.name,
      ...[base, ...costs].map((cost) => text(cost, 1)),
      ...ratios.map((ratio: Cost) => text(ratio, 2)),
      one.isGated ? `${LIMIT}${isOver ? " EXCEEDED" : ""}` : "",
    ]);
  }
}

const [name] = process.argv.slice(2);
await (name === undefined ? compare() : serve(name));
