/**
 * What does Sojourn add to a request on Express 5, beside express-session, each with its memory
 * store? Usage: npm run bench -- beside-express-session
 *
 * The requests are real (`IncomingMessage`, `ServerResponse`, the whole of Express), but travel over
 * sockets in memory: on loopback the kernel takes ten times what is measured here, and swings by
 * more. The same application runs without sessions, with express-session and with Sojourn, and what
 * one adds is the difference to the bare application.
 *
 * Requests run 32 at a time, as on a busy server, each in a session of its own, so that no store
 * merges or queues anything. See support/rivals.ts for what counts.
 */
import express, { type Express } from "express";
import session from "express-session";
import { createSessions, memoryStore } from "sojourn";
import { sessionMiddleware } from "sojourn/express";
import { request } from "./support/memory-request.ts";
import {
  answerRounds,
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

type Contender = "bare" | "express-session" | "sojourn";

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
const EFFORT = { processes: 4, roundsPerProcess: 12 };
const ROUNDS: number = EFFORT.processes * EFFORT.roundsPerProcess;

process.env["NODE_ENV"] = "production";

function bareApp(): Express {
  const app = express();
  app.get("/untouched", (_req, res) => res.end("ok"));
  app.get("/read", (_req, res) => res.end(DATA.theme));
  app.get("/write", (_req, res) => res.end("ok"));
  app.get("/create", (_req, res) => res.end("ok"));
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

const APPS: Readonly<Record<Contender, () => Express>> = {
  bare: bareApp,
  "express-session": expressSessionApp,
  sojourn: sojournApp,
};
const CONTENDERS = Object.keys(APPS) as Contender[];

async function serve(contender: Contender): Promise<void> {
  const app = APPS[contender]();
  await answerRounds({
    cases: CASES,
    visit: (path, cookie) => request(app, path, cookie),
    check: ({ path, isKnown }, { cookies, text }) => {
      const isCookieExpected = path === "/create" && contender !== "bare";
      const isRead = path !== "/read" || !isKnown || text.endsWith(DATA.theme);
      return isRead && cookies.length > 0 === isCookieExpected;
    },
  });
}

async function compare(): Promise<void> {
  const [bare, peer, ours] = (["bare", "express-session", "sojourn"] as const).map(
    (contender) => new Rival(import.meta.filename, contender),
  ) as [Rival, Rival, Rival];
  await takeTurns([bare, peer, ours], CASES, EFFORT);
  report(bare, peer, ours);
}

function report(bare: Rival, peer: Rival, ours: Rival): void {
  console.log(
    "\nµs of processor time that the session layer adds to one request on Express 5, memory " +
      "store, in process:\nlower quartile (median) of " +
      `${ROUNDS} rounds of ${REQUESTS_PER_ROUND} requests.\n${machine()}\n`,
  );
  printHead(["", "bare request", "express-session", "sojourn", "ratio", "limit"]);
  for (const one of CASES) {
    const [theirs, added] = [peer.added(one, bare), ours.added(one, bare)];
    const ratio = each(added, theirs, (cost, base) => cost / base);
    const isOver = one.isGated && !(ratio.quartile <= LIMIT);
    if (isOver) process.exitCode = 1;
    const limit = `${one.isGated ? LIMIT : ""}${isOver ? " EXCEEDED" : ""}`;
    const costs = [bare.cost(one), theirs, added].map((cost) => text(cost, 1));
    printRow([one.name, ...costs, text(ratio, 2), limit]);
  }
}

const contender = CONTENDERS.find((name) => name === process.argv[2]);
await (contender === undefined ? compare() : serve(contender));
