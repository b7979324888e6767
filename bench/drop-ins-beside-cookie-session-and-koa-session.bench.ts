/**
 * What do the drop-ins for cookie-session and koa-session add to a request, beside the libraries whose
 * place they take? koa-session with its sessions in cookies, in a Map of the objects themselves, and over
 * our memory store, which keeps our laws and copies what it stores.
 * Usage: npm run bench -- drop-ins-beside
 *
 * In process: real requests of Node's, over sockets in memory. What one adds is the difference to the
 * same application without sessions. See support/rivals.ts for what counts.
 */
import type { RequestListener } from "node:http";
import { createRequire } from "node:module";
import express from "express";
import Koa from "koa";
import { memoryStore } from "sojourn";
import { cookieSession } from "sojourn/cookie-session";
import { type CreateSessionOptions, createSession } from "sojourn/koa-session";
import { bareExpress } from "./support/bare-apps.ts";
import { request } from "./support/memory-request.ts";
import {
  answerRounds,
  type Case,
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

// Without their types, which would be there twice.
const require = createRequire(import.meta.url);
const theirCookieSession: typeof cookieSession = require("cookie-session");
const theirCreateSession: typeof createSession = require("koa-session").default;

const CASES: readonly Case[] = [
  { name: "new visitor, untouched", path: "/untouched", isKnown: false },
  { name: "read", path: "/read", isKnown: true },
  { name: "write", path: "/write", isKnown: true },
  { name: "first visit that stores", path: "/create", isKnown: false },
];
/**
 * The most that a drop-in may add, as a part of what the library itself adds. Not where ours is opened,
 * copied and encoded, and a Map of the objects does nothing of that.
 */
const LIMIT = 1;
const EFFORT = { processes: 3, roundsPerProcess: 8 };
const ROUNDS: number = EFFORT.processes * EFFORT.roundsPerProcess;
const KEYS = ["k".repeat(32)];

process.env["NODE_ENV"] = "production";

/** What each page does with a session. */
function use(session: Partial<Shop>, path: string): string {
  if (path === "/read") return session.theme ?? "none";
  if (path === "/write") session.visits = (session.visits ?? 0) + 1;
  if (path === "/create") Object.assign(session, DATA);
  return "ok";
}

const bareOf = (path: string): string => (path === "/read" ? DATA.theme : "ok");

function expressApp(library: typeof cookieSession): RequestListener {
  const app = express();
  app.use(library({ keys: KEYS }));
  app.get("/untouched", (_req, res) => void res.end("ok"));
  for (const path of ["/read", "/write", "/create"]) {
    app.get(path, (req, res) => void res.end(use(req.session as Partial<Shop>, path)));
  }
  return app;
}

function koaApp(
  prepare: (app: Koa) => void,
  answer: (ctx: Koa.Context) => string,
): RequestListener {
  const app = new Koa({ keys: KEYS });
  prepare(app);
  app.use((ctx) => {
    ctx.body = ctx.path === "/untouched" ? "ok" : answer(ctx);
  });
  return app.callback();
}

function koaWith(library: typeof createSession, options: CreateSessionOptions): RequestListener {
  return koaApp(
    (app) => app.use(library(options, app)),
    (ctx) => use(ctx.session as Partial<Shop>, ctx.path),
  );
}

function shelf(): CreateSessionOptions {
  const kept = new Map<string, unknown>();
  const store = {
    get: async (key: string) => kept.get(key),
    set: async (key: string, value: unknown) => void kept.set(key, value),
    destroy: async (key: string) => void kept.delete(key),
  };
  return { store };
}

const APPS = {
  "Express bare": bareExpress,
  "cookie-session theirs": () => expressApp(theirCookieSession),
  "cookie-session ours": () => expressApp(cookieSession),
  "Koa bare": () =>
    koaApp(
      () => undefined,
      (ctx) => bareOf(ctx.path),
    ),
  "koa-session in cookies theirs": () => koaWith(theirCreateSession, {}),
  "koa-session in cookies ours": () => koaWith(createSession, {}),
  "koa-session in a Map theirs": () => koaWith(theirCreateSession, shelf()),
  "koa-session in a Map ours": () => koaWith(createSession, shelf()),
  "koa-session over our store ours": () =>
    koaWith(createSession, { store: memoryStore(), secure: false }),
} as const satisfies Readonly<Record<string, () => RequestListener>>;
type Contender = keyof typeof APPS;
const CONTENDERS = Object.keys(APPS) as Contender[];

/** Whose cost is compared: ours, theirs, and the application without any. */
const PAIRS: readonly (readonly [string, Contender, Contender, Contender])[] = [
  ["cookie-session", "cookie-session ours", "cookie-session theirs", "Express bare"],
  [
    "koa-session, cookies",
    "koa-session in cookies ours",
    "koa-session in cookies theirs",
    "Koa bare",
  ],
  ["koa-session, Map", "koa-session in a Map ours", "koa-session in a Map theirs", "Koa bare"],
  [
    "koa-session, our store",
    "koa-session over our store ours",
    "koa-session in a Map theirs",
    "Koa bare",
  ],
];

async function serve(contender: Contender): Promise<void> {
  const app = APPS[contender]();
  await answerRounds({
    cases: CASES,
    visit: (path, cookie) => request(app, path, cookie),
    check: ({ path, isKnown }, { text }) =>
      path !== "/read" || !isKnown || text.endsWith(DATA.theme),
  });
}

async function compare(): Promise<void> {
  const rivals = Object.fromEntries(
    CONTENDERS.map((contender) => [contender, new Rival(import.meta.filename, contender)]),
  ) as Record<Contender, Rival>;
  await takeTurns(Object.values(rivals), CASES, EFFORT);
  console.log(
    "\nµs of processor time that the session layer adds to one request, in process:\n" +
      `lower quartile (median) of ${ROUNDS} rounds of ${REQUESTS_PER_ROUND} requests.\n${machine()}\n`,
  );
  printHead(["", "bare", "theirs", "sojourn", "of theirs", "limit"]);
  for (const [name, ours, theirs, bare] of PAIRS) {
    for (const one of CASES) {
      const costs = [
        rivals[theirs].added(one, rivals[bare]),
        rivals[ours].added(one, rivals[bare]),
      ];
      const [their, our] = costs as [Cost, Cost];
      printRow([
        `${name}: ${one.name}`,
        ...[rivals[bare].cost(one), their, our].map((cost) => text(cost, 1)),
        ...(hasLimit(ours, one) ? judged(our, their) : ["", ""]),
      ]);
    }
  }
}

function hasLimit(ours: Contender, { path, isKnown }: Case): boolean {
  return path !== "/untouched" && (isKnown || ours !== "koa-session over our store ours");
}

function judged(ours: Cost, theirs: Cost): string[] {
  const ratio = each(ours, theirs, (cost, other) => cost / other);
  const isOver = !(ratio.quartile <= LIMIT);
  if (isOver) process.exitCode = 1;
  return [text(ratio, 2), `${LIMIT}${isOver ? " EXCEEDED" : ""}`];
}

const contender = CONTENDERS.find((name) => name === process.argv[2]);
await (contender === undefined ? compare() : serve(contender));
