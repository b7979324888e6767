/**
 * What does Sojourn add to a request on Fastify 5 and on Koa 3, beside @fastify/session and koa-session
 * and beside Sojourn on Node's own server, each with its memory store?
 * Usage: npm run bench -- fastify-and-koa
 *
 * In process: real requests of Node's, over sockets in memory. What one adds is the difference to the
 * same application without sessions; for requests that open no session, to one with a hook that does
 * nothing. See support/rivals.ts for what counts. koa-session keeps sessions in cookies unless it is
 * given a store: here a Map of the objects themselves.
 */
import type { RequestListener } from "node:http";
import fastifyCookie from "@fastify/cookie";
import fastifySession from "@fastify/session";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import Koa from "koa";
import { createSession } from "koa-session";
import { createSessions, memoryStore, type Session, type Sessions } from "sojourn";
import { sessionPlugin } from "sojourn/fastify";
import { sessionMiddleware as koaMiddleware } from "sojourn/koa";
import { sessionMiddleware as nodeMiddleware } from "sojourn/node";
import { listenerOf } from "./support/bare-apps.ts";
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

type Contender = keyof typeof APPS;

const CASES: readonly Case[] = [
  { name: "new visitor, untouched", path: "/untouched", isKnown: false },
  { name: "existing, untouched", path: "/untouched", isKnown: true },
  { name: "read", path: "/read", isKnown: true },
  { name: "write", path: "/write", isKnown: true },
  { name: "first visit that stores", path: "/create", isKnown: false },
];
/** The most that Sojourn may add, as a part of what the framework's own library adds. */
const LIMIT = 1;
/** And as a multiple of what it adds to Node's own server. */
const NODE_LIMIT = 1.3;
/** And in µs, where nobody asks for the session. */
const UNTOUCHED_LIMIT = 0.5;
const EFFORT = { processes: 3, roundsPerProcess: 8 };
const ROUNDS: number = EFFORT.processes * EFFORT.roundsPerProcess;

process.env["NODE_ENV"] = "production";

const manager = (): Sessions<Partial<Shop>> =>
  createSessions<Partial<Shop>>({ store: memoryStore(), defaults: {} });

/** What each page does with a session of ours. */
function use(session: Session<Partial<Shop>>, path: string): string {
  if (path === "/read") return session.get("theme") ?? "none";
  if (path === "/write") session.set("visits", (session.get("visits") ?? 0) + 1);
  if (path === "/create") {
    session.set("cart", DATA.cart);
    session.set("theme", DATA.theme);
    session.set("name", DATA.name);
    session.set("visits", DATA.visits);
  }
  return "ok";
}

/** And with one of theirs. */
function useTheirs(session: Partial<Shop>, path: string): string {
  if (path === "/read") return session.theme ?? "none";
  if (path === "/write") session.visits = (session.visits ?? 0) + 1;
  if (path === "/create") Object.assign(session, DATA);
  return "ok";
}

const PAGES = ["/read", "/write", "/create"];
const bareOf = (path: string): string => (path === "/read" ? DATA.theme : "ok");

function fastifyApp(
  app: FastifyInstance,
  answer: (request: FastifyRequest, path: string) => string | Promise<string>,
): Promise<RequestListener> {
  app.get("/untouched", (_request, reply) => reply.send("ok"));
  for (const path of PAGES) {
    app.get(path, async (request: FastifyRequest, reply: FastifyReply) =>
      reply.send(await answer(request, path)),
    );
  }
  return listenerOf(app);
}

function koaApp(
  app: Koa,
  answer: (ctx: Koa.Context, path: string) => string | Promise<string>,
): RequestListener {
  app.use(async (ctx) => {
    ctx.body = ctx.path === "/untouched" ? "ok" : await answer(ctx, ctx.path);
  });
  return app.callback();
}

function koaSessionApp(): RequestListener {
  const kept = new Map<string, unknown>();
  const store = {
    get: async (key: string) => kept.get(key),
    set: async (key: string, value: unknown) => void kept.set(key, value),
    destroy: async (key: string) => void kept.delete(key),
  };
  const app = new Koa({ keys: ["k".repeat(32)] });
  app.use(createSession({ store, secure: true, sameSite: "lax" }, app));
  return koaApp(app, (ctx, path) => useTheirs(ctx["session"] as Partial<Shop>, path));
}

async function fastifySessionApp(): Promise<RequestListener> {
  const app = fastify();
  await app.register(fastifyCookie);
  const own = { secret: "s".repeat(32), saveUninitialized: false, rolling: false };
  await app.register(fastifySession, { ...own, cookie: { secure: true } });
  return fastifyApp(app, ({ session }, path) => useTheirs(session as Partial<Shop>, path));
}

async function ourFastify(): Promise<RequestListener> {
  const sessions = manager();
  const app = fastify();
  await app.register(sessionPlugin(sessions));
  return fastifyApp(app, async (req, path) => use(await sessions.open(req), path));
}

function ourKoa(): RequestListener {
  const sessions = manager();
  const app = new Koa().use(koaMiddleware(sessions));
  return koaApp(app, async (ctx, path) => use(await sessions.open(ctx), path));
}

function ourNode(): RequestListener {
  const sessions = manager();
  const withSessions = nodeMiddleware(sessions);
  return (req, res) =>
    void withSessions(req, res, async () => {
      const path = req.url ?? "/";
      const body = path === "/untouched" ? "ok" : use(await sessions.open(req), path);
      res.end(body);
    });
}

const bareNode: RequestListener = (req, res) => void res.end(bareOf(req.url ?? "/"));

function idleFastify(): Promise<RequestListener> {
  const app = fastify().addHook("onRequest", (_request, _reply, done) => done());
  return fastifyApp(app, (_request, path) => bareOf(path));
}

const idleKoa = (): RequestListener =>
  koaApp(
    new Koa().use((_ctx, next) => next()),
    (_ctx, path) => bareOf(path),
  );

const APPS = {
  "Node bare": () => bareNode,
  "Node ours": ourNode,
  "Fastify bare": () => fastifyApp(fastify(), (_request, path) => bareOf(path)),
  "Fastify idle": idleFastify,
  "Fastify theirs": fastifySessionApp,
  "Fastify ours": ourFastify,
  "Koa bare": () => koaApp(new Koa(), (_ctx, path) => bareOf(path)),
  "Koa idle": idleKoa,
  "Koa theirs": koaSessionApp,
  "Koa ours": ourKoa,
} as const satisfies Readonly<Record<string, () => RequestListener | Promise<RequestListener>>>;
const CONTENDERS = Object.keys(APPS) as Contender[];

async function serve(contender: Contender): Promise<void> {
  const app = await APPS[contender]();
  await answerRounds({
    cases: CASES,
    visit: (path, cookie) => request(app, path, cookie),
    check: ({ path, isKnown }, { cookies, text }) => {
      const isTheirs = contender.endsWith("theirs");
      const hasSessions = isTheirs || contender.endsWith("ours");
      // Their libraries send the cookie with each write.
      const isSent = hasSessions && (path === "/create" || (isTheirs && path === "/write"));
      const isRead = path !== "/read" || !isKnown || text.endsWith(DATA.theme);
      return isRead && cookies.length > 0 === isSent;
    },
  });
}

async function compare(): Promise<void> {
  const rivals = Object.fromEntries(
    CONTENDERS.map((contender) => [contender, new Rival(import.meta.filename, contender)]),
  ) as Record<Contender, Rival>;
  await takeTurns(Object.values(rivals), CASES, EFFORT);
  console.log(
    "\nµs of processor time that the session layer adds to one request, memory store, in process:\n" +
      `lower quartile (median) of ${ROUNDS} rounds of ${REQUESTS_PER_ROUND} requests.\n${machine()}\n`,
  );
  printHead(["", "bare", "theirs", "sojourn", "of theirs", "limit", "of Node's", "limit"]);
  for (const framework of ["Fastify", "Koa"] as const) {
    for (const one of CASES) reportCase(framework, one, rivals);
  }
}

function reportCase(
  framework: "Fastify" | "Koa",
  one: Case,
  rivals: Readonly<Record<Contender, Rival>>,
): void {
  const isUntouched = one.path === "/untouched";
  const bare = rivals[`${framework} bare`];
  const theirs = rivals[`${framework} theirs`].added(one, bare);
  const ours = rivals[`${framework} ours`].added(one, bare);
  const costs = [bare.cost(one), theirs, ours].map((cost) => text(cost, 1));
  const cells = isUntouched
    ? untouched(rivals[`${framework} ours`].added(one, rivals[`${framework} idle`]))
    : [
        ...judged(ours, theirs, LIMIT),
        ...judged(ours, rivals["Node ours"].added(one, rivals["Node bare"]), NODE_LIMIT),
      ];
  printRow([`${framework}: ${one.name}`, ...costs, ...cells]);
}

function untouched(beside: Cost): string[] {
  const isOver = beside.quartile > UNTOUCHED_LIMIT;
  if (isOver) process.exitCode = 1;
  const limit = `${beside.quartile.toFixed(1)} beside idle, ${UNTOUCHED_LIMIT}`;
  return ["", `${limit}${isOver ? " EXCEEDED" : ""}`, "", ""];
}

function judged(ours: Cost, base: Cost, limit: number): string[] {
  const ratio = each(ours, base, (cost, other) => cost / other);
  const isOver = !(ratio.quartile <= limit);
  if (isOver) process.exitCode = 1;
  return [text(ratio, 2), `${limit}${isOver ? " EXCEEDED" : ""}`];
}

const contender = CONTENDERS.find((name) => name === process.argv[2]);
await (contender === undefined ? compare() : serve(contender));
