/**
 * What does Sojourn add to a request on Express 5, beside express-session, beside @fastify/session on
 * Fastify 5 and beside the least that a session takes, each with its memory store?
 * Usage: npm run bench -- beside-express-session
 *
 * The floor is written by hand: it finds the cookie, hashes the token, parses what a Map has under
 * it, and puts it back as text, with no clocks, no checks, no compare-and-set and no waiting.
 *
 * The requests are real (`IncomingMessage`, `ServerResponse`, the whole of Express), but travel over
 * sockets in memory: on loopback the kernel takes ten times what is measured here, and swings by
 * more. What each adds is the difference to the same application of its framework without sessions.
 *
 * Requests run 32 at a time, as on a busy server, each in a session of its own, so that no store
 * merges or queues anything. See support/rivals.ts for what counts.
 */
import { createHash, randomBytes } from "node:crypto";
import type { RequestListener } from "node:http";
import fastifyCookie from "@fastify/cookie";
import fastifySession from "@fastify/session";
import express, { type Express } from "express";
import session from "express-session";
import fastify, { type FastifyInstance } from "fastify";
import { createSessions, memoryStore } from "sojourn";
import { sessionMiddleware } from "sojourn/express";
import { bareExpress, bareFastify, listenerOf } from "./support/bare-apps.ts";
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

declare module "express-session" {
  interface SessionData extends Shop {}
}
declare module "fastify" {
  interface Session extends Partial<Shop> {}
}

type Contender = keyof typeof APPS;

const CASES = [
  { name: "new visitor, untouched", path: "/untouched", isKnown: false, isGated: true },
  { name: "new visitor who reads", path: "/read", isKnown: false, isGated: false },
  { name: "existing, untouched", path: "/untouched", isKnown: true, isGated: false },
  { name: "read", path: "/read", isKnown: true, isGated: true },
  { name: "write", path: "/write", isKnown: true, isGated: true },
  { name: "create", path: "/create", isKnown: false, isGated: false },
] as const;

/** The most that Sojourn may add, as a part of what express-session adds. */
const LIMIT = 0.5;
/** And of what @fastify/session adds to Fastify. */
const FASTIFY_LIMIT = 0.45;
/** And as a multiple of the floor. */
const FLOOR_LIMITS: Readonly<Record<string, number>> = { read: 2, write: 2.5, create: 2.2 };
const EFFORT = { processes: 4, roundsPerProcess: 12 };
const ROUNDS: number = EFFORT.processes * EFFORT.roundsPerProcess;

process.env["NODE_ENV"] = "production";

const COOKIE = "__Host-floor=";

function floorApp(): Express {
  const store = new Map<string, string>();
  const idOf = (token: string): string => createHash("sha256").update(token).digest("base64url");
  const idIn = (header = ""): string => {
    const start = header.indexOf(COOKIE) + COOKIE.length;
    const end = header.indexOf(";", start);
    return idOf(header.slice(start, end === -1 ? undefined : end));
  };
  const app = express();
  app.get("/untouched", (_req, res) => res.end("ok"));
  app.get("/read", (req, res) => {
    const stored = store.get(idIn(req.headers.cookie));
    res.end(stored === undefined ? "none" : JSON.parse(stored).theme);
  });
  app.get("/write", (req, res) => {
    const id = idIn(req.headers.cookie);
    const value: Shop = JSON.parse(store.get(id) ?? "");
    value.visits += 1;
    store.set(id, JSON.stringify(value));
    res.end("ok");
  });
  app.get("/create", (_req, res) => {
    const token = randomBytes(32).toString("base64url");
    store.set(idOf(token), JSON.stringify(DATA));
    res.setHeader("Set-Cookie", `${COOKIE}${token}; Path=/; HttpOnly; Secure; SameSite=Lax`);
    res.end("ok");
  });
  return app;
}

function expressSessionApp(): Express {
  const app = express();
  app.use(
    session({
      secret: "s".repeat(32),
      resave: false,
      saveUninitialized: false,
      cookie: { secure: true },
    }),
  );
  app.get("/untouched", (_req, res) => res.end("ok"));
  app.get("/read", (req, res) => res.end(req.session.theme ?? "none"));
  app.get("/write", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.end("ok");
  });
  app.get("/create", (req, res) => {
    Object.assign(req.session, DATA);
    res.end("ok");
  });
  return app;
}

function sojournApp(): Express {
  const sessions = createSessions<Shop>({ store: memoryStore() });
  const app = express().use(sessionMiddleware(sessions));
  app.get("/untouched", (_req, res) => res.end("ok"));
  app.get("/read", async (req, res) => {
    const session = await sessions.open(req);
    res.end(session.get("theme") ?? "none");
  });
  app.get("/write", async (req, res) => {
    const session = await sessions.open(req);
    session.set("visits", (session.get("visits") ?? 0) + 1);
    res.end("ok");
  });
  app.get("/create", async (req, res) => {
    const session = await sessions.open(req);
    session.set("cart", DATA.cart);
    session.set("theme", DATA.theme);
    session.set("name", DATA.name);
    session.set("visits", DATA.visits);
    res.end("ok");
  });
  return app;
}

async function fastifySessionApp(): Promise<FastifyInstance> {
  const app = fastify();
  await app.register(fastifyCookie);
  await app.register(fastifySession, {
    secret: "s".repeat(32),
    saveUninitialized: false,
    rolling: false,
    cookie: { secure: true },
  });
  app.get("/untouched", (_request, reply) => reply.send("ok"));
  app.get("/read", ({ session: { theme } }, reply) => reply.send(theme ?? "none"));
  app.get("/write", ({ session: kept }, reply) => {
    kept.visits = (kept.visits ?? 0) + 1;
    return reply.send("ok");
  });
  app.get("/create", ({ session: kept }, reply) => {
    Object.assign(kept, DATA);
    return reply.send("ok");
  });
  return app;
}

const APPS = {
  bare: bareExpress,
  floor: floorApp,
  "express-session": expressSessionApp,
  sojourn: sojournApp,
  "bare Fastify": () => listenerOf(bareFastify()),
  "@fastify/session": async () => listenerOf(await fastifySessionApp()),
} as const satisfies Readonly<Record<string, () => RequestListener | Promise<RequestListener>>>;
const CONTENDERS = Object.keys(APPS) as Contender[];

async function serve(contender: Contender): Promise<void> {
  const app = await APPS[contender]();
  await answerRounds({
    cases: CASES,
    visit: (path, cookie) => request(app, path, cookie),
    check: ({ path, isKnown }, { cookies, text }) => {
      // @fastify/session sends its cookie with each write.
      const isSent = path === "/create" || (path === "/write" && contender === "@fastify/session");
      const isCookieExpected = isSent && !contender.startsWith("bare");
      const isRead = path !== "/read" || !isKnown || text.endsWith(DATA.theme);
      return isRead && cookies.length > 0 === isCookieExpected;
    },
  });
}

async function compare(): Promise<void> {
  const rivals = Object.fromEntries(
    CONTENDERS.map((contender) => [contender, new Rival(import.meta.filename, contender)]),
  ) as Record<Contender, Rival>;
  await takeTurns(Object.values(rivals), CASES, EFFORT);
  report(rivals);
}

function report({ bare, ...rivals }: Readonly<Record<Contender, Rival>>): void {
  console.log(
    "\nµs of processor time that the session layer adds to one request on Express 5, memory " +
      "store, in process:\nlower quartile (median) of " +
      `${ROUNDS} rounds of ${REQUESTS_PER_ROUND} requests.\n${machine()}\n`,
  );
  const contenders = ["bare Express", "floor", "express-session", "@fastify/session", "sojourn"];
  const limits = ["express-session", "@fastify/session", "the floor"].flatMap((one) => [
    `of ${one}`,
    "limit",
  ]);
  printHead(["", ...contenders, ...limits]);
  for (const one of CASES) {
    const floor = rivals.floor.added(one, bare);
    const theirs = rivals["express-session"].added(one, bare);
    const ours = rivals.sojourn.added(one, bare);
    const fastifys = rivals["@fastify/session"].added(one, rivals["bare Fastify"]);
    const costs = [bare.cost(one), floor, theirs, fastifys, ours].map((cost) => text(cost, 1));
    const besidePeer = judged(ours, theirs, one.isGated ? LIMIT : undefined);
    const isUsual = one.path === "/read" || one.path === "/write";
    const besideFastify = judged(
      ours,
      fastifys,
      isUsual && one.isKnown ? FASTIFY_LIMIT : undefined,
    );
    const limit = FLOOR_LIMITS[one.name];
    // What the floor does in next to no time is no measure.
    const besideFloor = limit === undefined ? ["", ""] : judged(ours, floor, limit);
    printRow([one.name, ...costs, ...besidePeer, ...besideFastify, ...besideFloor]);
  }
}

function judged(ours: Cost, theirs: Cost, limit: number | undefined): [string, string] {
  const ratio = each(ours, theirs, (cost, base) => cost / base);
  const isOver = limit !== undefined && !(ratio.quartile <= limit);
  if (isOver) process.exitCode = 1;
  return [text(ratio, 2), `${limit ?? ""}${isOver ? " EXCEEDED" : ""}`];
}

const contender = CONTENDERS.find((name) => name === process.argv[2]);
await (contender === undefined ? compare() : serve(contender));
