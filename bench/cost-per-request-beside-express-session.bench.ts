/**
 * What does Sojourn add to a request on Express 5, beside express-session, each with its memory
 * store? Usage: npm run bench -- beside-express-session
 *
 * The requests are real (`IncomingMessage`, `ServerResponse`, the whole of Express), but travel over
 * sockets in memory: on loopback the kernel takes ten times what is measured here, and swings by
 * more. The same application runs without sessions, with express-session and with Sojourn, each in
 * a process of its own, so that none pays for the garbage and the optimiser's doubts of another;
 * they take turns, and what one adds is the difference to the bare application.
 *
 * What counts is the processor's time, garbage collector included, as other work on the machine
 * stretches the wall clock far more. Such work only ever adds, and V8 now and then decides to
 * allocate some objects in the old generation, which doubles the cost of either library at random:
 * so the lower quartile of the rounds judges, and the median stands beside it. Nothing forces the
 * garbage collector; that made every request, even the bare one, cost three times as much.
 *
 * Requests run 32 at a time, as on a busy server, each in a session of its own, so that no store
 * merges or queues anything.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { cpus } from "node:os";
import { Duplex } from "node:stream";
import express, { type Express } from "express";
import session from "express-session";
import { createSessions, memoryStore } from "sojourn";
import { sessionMiddleware } from "sojourn/express";

declare module "express-session" {
  interface SessionData extends Shop {}
}

interface Shop {
  cart: string[];
  theme: string;
  name: string;
  visits: number;
}

type Contender = "bare" | "express-session" | "sojourn";
type Case = (typeof CASES)[number];

/** Over all rounds of a case, in µs for each request. */
interface Cost {
  readonly quartile: number;
  readonly median: number;
}

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
const IN_FLIGHT = 32;
const BATCHES_PER_ROUND = 50;
const REQUESTS_PER_ROUND: number = BATCHES_PER_ROUND * IN_FLIGHT;
/** Of each contender, one after the other: what the optimiser makes of a process differs. */
const PROCESSES = 4;
const ROUNDS_PER_PROCESS = 12;
const ROUNDS: number = PROCESSES * ROUNDS_PER_PROCESS;
const WARM_UP_ROUNDS = 5;

/** About 200 bytes of JSON. */
const DATA: Shop = { cart: ["tea", "cup", "pot"], theme: "dark", name: "x".repeat(120), visits: 1 };
const HEADERS = {
  host: "shop.example",
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  accept: "text/html,application/xhtml+xml",
  "accept-language": "en",
  "accept-encoding": "gzip, deflate, br",
};
const OTHER_COOKIES = "_ga=GA1.1.1234567890.1700000000; consent=yes; lang=en; ab=control";

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

/** The browser's end of a connection that is encrypted, to all appearances. */
class MemorySocket extends Duplex {
  readonly encrypted = true;
  readonly remoteAddress = "203.0.113.7";
  received = "";

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.received === "") this.received = chunk.toString("latin1");
    done();
  }
}

interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly text: string;
}

function request(app: Express, path: string, cookie: string): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = new MemorySocket();
    const asSocket = socket as unknown as Socket;
    const req = new IncomingMessage(asSocket);
    req.method = "GET";
    req.url = path;
    req.headers = { ...HEADERS, cookie };
    const res = new ServerResponse(req);
    res.assignSocket(asSocket);
    res.on("finish", () =>
      resolve({ status: res.statusCode, headers: res.getHeaders(), text: socket.received }),
    );
    app(req, res);
  });
}

/** A batch of visitors who have been here before, each with a session of its own. */
async function visitorsOf(app: Express): Promise<string[]> {
  const answers = await Promise.all(
    Array.from({ length: IN_FLIGHT }, () => request(app, "/create", OTHER_COOKIES)),
  );
  return answers.map(({ headers }) => {
    const [cookie = ""] = [headers["set-cookie"]].flat();
    const [pair = ""] = String(cookie).split(";");
    return pair === "" ? OTHER_COOKIES : `${OTHER_COOKIES}; ${pair}`;
  });
}

const APPS: Readonly<Record<Contender, () => Express>> = {
  bare: bareApp,
  "express-session": expressSessionApp,
  sojourn: sojournApp,
};
const CONTENDERS = Object.keys(APPS) as Contender[];

/** The contenders must do the same thing, or their times compare nothing. */
async function checkAnswer(app: Express, contender: Contender, one: Case, cookie: string) {
  const { status, headers, text } = await request(app, one.path, cookie);
  const isCookieExpected = one.path === "/create" && contender !== "bare";
  const isWrong =
    status !== 200 ||
    (headers["set-cookie"] !== undefined) !== isCookieExpected ||
    (one.path === "/read" && one.isKnown && !text.endsWith(DATA.theme));
  if (isWrong) throw new Error(`${contender} answers "${one.name}" wrongly: ${status} ${text}`);
}

/** What one request costs, in µs of the processor's time. */
async function measure(app: Express, path: string, cookies: readonly string[]): Promise<number> {
  const before = process.cpuUsage();
  for (let batch = 0; batch < BATCHES_PER_ROUND; batch += 1) {
    await Promise.all(cookies.map((cookie) => request(app, path, cookie)));
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS_PER_ROUND;
}

/** Runs a case whenever the parent process names one. */
async function serve(contender: Contender): Promise<void> {
  const app = APPS[contender]();
  const newcomers = Array<string>(IN_FLIGHT).fill(OTHER_COOKIES);
  const visitors = await visitorsOf(app);
  for (const one of CASES) {
    await checkAnswer(app, contender, one, (one.isKnown ? visitors[0] : newcomers[0]) ?? "");
  }
  process.on("message", async (name) => {
    const one = CASES.find((other) => other.name === name) ?? CASES[0];
    process.send?.(await measure(app, one.path, one.isKnown ? visitors : newcomers));
  });
  process.send?.("ready");
}

/** A contender, in one process after the other. */
class Rival {
  readonly #contender: Contender;
  readonly #rounds = new Map<string, number[]>(CASES.map(({ name }) => [name, []]));
  #process: ChildProcess | undefined;

  constructor(contender: Contender) {
    this.#contender = contender;
  }

  async start(): Promise<void> {
    const contender = this.#contender;
    const child = fork(import.meta.filename, [contender], {
      // express-session warns of its memory store.
      stdio: ["ignore", "inherit", "ignore", "ipc"],
    });
    const [message] = await Promise.race([once(child, "message"), once(child, "exit")]);
    if (message !== "ready") throw new Error(`${contender} did not start`);
    this.#process = child;
  }

  async round({ name }: Case, counts: boolean): Promise<void> {
    const child = this.#process;
    if (child === undefined) throw new Error(`${this.#contender} is not running`);
    child.send(name);
    const [cost] = await once(child, "message");
    if (counts) this.#rounds.get(name)?.push(cost);
  }

  cost({ name }: Case): Cost {
    const sorted = (this.#rounds.get(name) ?? []).toSorted((one, other) => one - other);
    const at = (part: number): number => sorted[Math.floor(part * sorted.length)] ?? Number.NaN;
    return { quartile: at(0.25), median: at(0.5) };
  }

  stop(): void {
    this.#process?.disconnect();
  }
}

/** One process of each, by turns. */
async function turns(rivals: readonly Rival[]): Promise<void> {
  for (const rival of rivals) await rival.start();
  // Every case is warm before the first one counts: code that has seen one case only is faster
  // than it would be on any server.
  for (let number = -WARM_UP_ROUNDS; number < ROUNDS_PER_PROCESS; number += 1) {
    for (const one of CASES) for (const rival of rivals) await rival.round(one, number >= 0);
  }
  for (const rival of rivals) rival.stop();
}

async function compare(): Promise<void> {
  const rivals = {
    bare: new Rival("bare"),
    peer: new Rival("express-session"),
    ours: new Rival("sojourn"),
  };
  for (let process = 0; process < PROCESSES; process += 1) await turns(Object.values(rivals));
  report(rivals);
}

function report(rivals: Readonly<Record<"bare" | "peer" | "ours", Rival>>): void {
  console.log(
    "\nµs of processor time that the session layer adds to one request on Express 5, memory " +
      "store, in process:\nlower quartile (median) of " +
      `${ROUNDS} rounds of ${REQUESTS_PER_ROUND} requests.\nNode ${process.version}, ` +
      `${cpus()[0]?.model ?? "unknown processor"}, ${new Date().toISOString().slice(0, 10)}.\n`,
  );
  console.log("| | bare request | express-session | sojourn | ratio | limit |");
  console.log("|---|---|---|---|---|---|");
  for (const one of CASES) {
    const bare = rivals.bare.cost(one);
    const peer = each(rivals.peer.cost(one), bare, (cost, base) => cost - base);
    const ours = each(rivals.ours.cost(one), bare, (cost, base) => cost - base);
    const ratio = each(ours, peer, (cost, base) => cost / base);
    const isOver = one.isGated && !(ratio.quartile <= LIMIT);
    if (isOver) process.exitCode = 1;
    const limit = `${one.isGated ? LIMIT : ""}${isOver ? " EXCEEDED" : ""}`;
    const cells = [one.name, text(bare, 1), text(peer, 1), text(ours, 1), text(ratio, 2), limit];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

function each(cost: Cost, base: Cost, combine: (cost: number, base: number) => number): Cost {
  return {
    quartile: combine(cost.quartile, base.quartile),
    median: combine(cost.median, base.median),
  };
}

function text({ quartile, median }: Cost, digits: number): string {
  return `${quartile.toFixed(digits)} (${median.toFixed(digits)})`;
}

const contender = CONTENDERS.find((name) => name === process.argv[2]);
await (contender === undefined ? compare() : serve(contender));
