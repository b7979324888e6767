/**
 * What does a session in the visitor's cookie add to a request, beside @fastify/secure-session and
 * beside the least that sealing takes? Usage: npm run bench -- cookie-sessions
 *
 * The floor is written by hand on Express: it finds the cookie, opens or seals its JSON by
 * AES-256-GCM under a key that is ready, and sets the cookie, with no timeouts, no checks and no word
 * to caches. Sojourn runs on Express as well and secure-session on Fastify; what each adds is the
 * difference to the same application of its framework without sessions. As neither of the others
 * remembers who has signed out, Sojourn is told to do without that too.
 *
 * The requests are real and travel over sockets in memory, 32 at a time, each in a session of its
 * own. See support/rivals.ts for what counts.
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from "node:crypto";
import type { RequestListener } from "node:http";
import secureSession from "@fastify/secure-session";
import express, { type Express } from "express";
import fastify, { type FastifyInstance } from "fastify";
import { createSessions } from "sojourn";
import { cookieStore } from "sojourn/cookie";
import { sessionMiddleware } from "sojourn/express";
import { bareExpress, bareFastify, listenerOf } from "./support/bare-apps.ts";
import { request } from "./support/memory-request.ts";
import {
  answerRounds,
  type Case,
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

declare module "@fastify/secure-session" {
  interface SessionData extends Shop {}
}

type Contender = keyof typeof APPS;

const CASES: readonly Case[] = [
  { name: "new visitor, untouched", path: "/untouched", isKnown: false },
  { name: "existing, untouched", path: "/untouched", isKnown: true },
  { name: "read", path: "/read", isKnown: true },
  { name: "write", path: "/write", isKnown: true },
  { name: "create", path: "/create", isKnown: false },
];
const EFFORT = { processes: 4, roundsPerProcess: 12 };
const ROUNDS: number = EFFORT.processes * EFFORT.roundsPerProcess;

process.env["NODE_ENV"] = "production";

const IV_BYTES = 12;
const TAG_BYTES = 16;
const COOKIE = "__Host-floor=";

function floorApp(): Express {
  const key = createSecretKey(randomBytes(32));
  const seal = (value: Shop): string => {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", key, iv);
    const sealed = cipher.update(JSON.stringify(value), "utf8");
    cipher.final();
    return Buffer.concat([iv, sealed, cipher.getAuthTag()]).toString("base64url");
  };
  const open = (header = ""): Shop => {
    const start = header.indexOf(COOKIE) + COOKIE.length;
    const end = header.indexOf(";", start);
    const bytes = Buffer.from(header.slice(start, end === -1 ? undefined : end), "base64url");
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const opened = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, "utf8");
    return JSON.parse(opened + decipher.final("utf8"));
  };
  const cookie = (value: Shop): string =>
    `${COOKIE}${seal(value)}; Path=/; HttpOnly; Secure; SameSite=Lax`;
  const app = express();
  app.get("/untouched", (_req, res) => res.end("ok"));
  app.get("/read", (req, res) => res.end(open(req.headers.cookie).theme));
  app.get("/write", (req, res) => {
    const value = open(req.headers.cookie);
    value.visits += 1;
    res.setHeader("Set-Cookie", cookie(value));
    res.end("ok");
  });
  app.get("/create", (_req, res) => {
    res.setHeader("Set-Cookie", cookie(DATA));
    res.end("ok");
  });
  return app;
}

function sojournApp(): Express {
  const sessions = createSessions<Shop>({
    keys: randomBytes(32),
    store: cookieStore({
      revocations: "none: a copied cookie works until it expires, signed out or not",
    }),
  });
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

async function secureApp(): Promise<FastifyInstance> {
  const app = fastify();
  const cookie = { path: "/", httpOnly: true, secure: true, sameSite: "lax" } as const;
  await app.register(secureSession, { key: randomBytes(32), cookie });
  app.get("/untouched", (_request, reply) => reply.send("ok"));
  app.get("/read", ({ session }, reply) => reply.send(session.get("theme") ?? "none"));
  app.get("/write", ({ session }, reply) => {
    session.set("visits", (session.get("visits") ?? 0) + 1);
    return reply.send("ok");
  });
  app.get("/create", ({ session }, reply) => {
    session.set("cart", DATA.cart);
    session.set("theme", DATA.theme);
    session.set("name", DATA.name);
    session.set("visits", DATA.visits);
    return reply.send("ok");
  });
  return app;
}

const APPS = {
  express: bareExpress,
  floor: floorApp,
  sojourn: sojournApp,
  fastify: () => listenerOf(bareFastify()),
  "secure-session": async () => listenerOf(await secureApp()),
} as const satisfies Readonly<Record<string, () => RequestListener | Promise<RequestListener>>>;
const CONTENDERS = Object.keys(APPS) as Contender[];

async function serve(contender: Contender): Promise<void> {
  const listener = await APPS[contender]();
  const isBare = contender === "express" || contender === "fastify";
  await answerRounds({
    cases: CASES,
    visit: (path, cookie) => request(listener, path, cookie),
    check: ({ path }, { cookies, text }) => {
      const isSent = !isBare && (path === "/write" || path === "/create");
      return cookies.length > 0 === isSent && (path !== "/read" || text.endsWith(DATA.theme));
    },
  });
}

async function compare(): Promise<void> {
  const rivals = Object.fromEntries(
    CONTENDERS.map((contender) => [contender, new Rival(import.meta.filename, contender)]),
  ) as Record<Contender, Rival>;
  await takeTurns(Object.values(rivals), CASES, EFFORT);
  console.log(
    "\nµs of processor time that a session in a cookie adds to one request, in process:\nlower " +
      `quartile (median) of ${ROUNDS} rounds of ${REQUESTS_PER_ROUND} requests.\n${machine()}\n`,
  );
  printHead(["", "sealed floor", "secure-session", "sojourn", "of the floor", "of secure-session"]);
  for (const one of CASES) {
    const floor = rivals.floor.added(one, rivals.express);
    const peer = rivals["secure-session"].added(one, rivals.fastify);
    const ours = rivals.sojourn.added(one, rivals.express);
    const ratios = [floor, peer].map((base) => each(ours, base, (cost, other) => cost / other));
    const costs = [floor, peer, ours].map((cost) => text(cost, 1));
    // What costs next to nothing is no measure.
    const isMeasure = one.path !== "/untouched";
    printRow([one.name, ...costs, ...ratios.map((ratio) => (isMeasure ? text(ratio, 2) : ""))]);
  }
}

const contender = CONTENDERS.find((name) => name === process.argv[2]);
await (contender === undefined ? compare() : serve(contender));
