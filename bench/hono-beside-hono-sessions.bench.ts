/**
 * What does Sojourn add to a request on Hono, beside hono-sessions, with the memory store and with
 * sessions in cookies? Usage: npm run bench -- hono
 *
 * Each application is called in three ways: by `app.fetch` in process, through @hono/node-server in
 * process (real requests of Node's, over sockets in memory), and over real HTTP on loopback, from a
 * process of its own. Bodies are read to their end in each. What one adds is the difference to the
 * same application without sessions; beside that stands a middleware that does nothing, for what
 * Hono itself takes to have one.
 *
 * hono-sessions derives a key from the password for each cookie that it seals or opens, which is why
 * its figures are what they are. See support/rivals.ts for what counts.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { type Context, Hono } from "hono";
import {
  CookieStore,
  MemoryStore,
  type Session as PeerSession,
  sessionMiddleware as peerMiddleware,
} from "hono-sessions";
import { createSessions, memoryStore, type Sessions } from "sojourn";
import { cookieStore } from "sojourn/cookie";
import { sessionMiddleware } from "sojourn/hono";
import { Client, visit as visitByHttp } from "./support/http-client.ts";
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
  type Rounds,
  takeTurns,
  text,
} from "./support/rivals.ts";
import { DATA, HEADERS, type Shop } from "./support/shop.ts";

type Contender = keyof typeof APPS;
type Way = (typeof WAYS)[number];

const CASES: readonly Case[] = [
  { name: "new visitor, untouched", path: "/untouched", isKnown: false },
  { name: "existing, untouched", path: "/untouched", isKnown: true },
  { name: "read", path: "/read", isKnown: true },
  { name: "write", path: "/write", isKnown: true },
];
const WAYS = ["fetch", "node-server", "http"] as const;
/** The most that Sojourn may add to a read or a write, as a part of what hono-sessions adds. */
const LIMITS: Readonly<Record<Way, number>> = { fetch: 0.6, "node-server": 0.6, http: 0.8 };
/** And in µs, beside a middleware that does nothing, where nobody asks for the session. */
const UNTOUCHED_LIMIT = 0.5;
const EFFORT = { processes: 3, roundsPerProcess: 8 };
const ROUNDS: number = EFFORT.processes * EFFORT.roundsPerProcess;
const ORIGIN = "https://shop.example";

process.env["NODE_ENV"] = "production";

function bareApp(): Hono {
  return new Hono()
    .get("/untouched", (c) => c.text("ok"))
    .get("/read", (c) => c.text(DATA.theme))
    .get("/write", (c) => c.text("ok"))
    .get("/create", (c) => c.text("ok"));
}

function idleApp(): Hono {
  return new Hono().use((_c, next) => next()).route("/", bareApp());
}

function peerApp(store: MemoryStore | CookieStore): Hono {
  const sealing = store instanceof CookieStore ? { encryptionKey: "k".repeat(32) } : {};
  const cookieOptions = { path: "/", httpOnly: true, secure: true, sameSite: "Lax" } as const;
  const app = new Hono().use(peerMiddleware({ store, cookieOptions, ...sealing }));
  const open = (c: Context): PeerSession<Shop> => c.get("session");
  return app
    .get("/untouched", (c) => c.text("ok"))
    .get("/read", (c) => c.text(open(c).get("theme") ?? "none"))
    .get("/write", (c) => {
      open(c).set("visits", (open(c).get("visits") ?? 0) + 1);
      return c.text("ok");
    })
    .get("/create", (c) => {
      const session = open(c);
      session.set("cart", DATA.cart);
      session.set("theme", DATA.theme);
      session.set("name", DATA.name);
      session.set("visits", DATA.visits);
      return c.text("ok");
    });
}

function sojournApp(sessions: Sessions<Partial<Shop>>): Hono {
  return new Hono()
    .use(sessionMiddleware(sessions))
    .get("/untouched", (c) => c.text("ok"))
    .get("/read", async (c) => c.text((await sessions.open(c)).get("theme") ?? "none"))
    .get("/write", async (c) => {
      const session = await sessions.open(c);
      session.set("visits", (session.get("visits") ?? 0) + 1);
      return c.text("ok");
    })
    .get("/create", async (c) => {
      const session = await sessions.open(c);
      session.set("cart", DATA.cart);
      session.set("theme", DATA.theme);
      session.set("name", DATA.name);
      session.set("visits", DATA.visits);
      return c.text("ok");
    });
}

const trustProxy = ["loopback"];
const APPS = {
  bare: bareApp,
  idle: idleApp,
  "peer-memory": () => peerApp(new MemoryStore()),
  "ours-memory": () => sojournApp(createSessions<Shop>({ store: memoryStore(), trustProxy })),
  "peer-cookie": () => peerApp(new CookieStore()),
  "ours-cookie": () => {
    const store = cookieStore({
      revocations: "none: a copied cookie works until it expires, signed out or not",
    });
    return sojournApp(createSessions<Shop>({ store, keys: randomBytes(32), trustProxy }));
  },
} as const satisfies Readonly<Record<string, () => Hono>>;
const CONTENDERS = Object.keys(APPS) as Contender[];

async function serve(way: Way, contender: Contender): Promise<void> {
  const app = APPS[contender]();
  const check: Rounds<Case>["check"] = ({ path, isKnown }, { cookies, text }) => {
    // hono-sessions sends its cookie with each response.
    const isSent =
      contender.startsWith("peer") || (contender === "ours-cookie" && path === "/write");
    const isRead = path !== "/read" || !isKnown || text.endsWith(DATA.theme);
    return isRead && cookies.length > 0 === isSent;
  };
  const times = contender === "peer-cookie" ? { times: 2 } : {};
  await answerRounds({ cases: CASES, check, ...times, ...(await CALLS[way](app)) });
}

type Calls = Pick<Rounds<Case>, "visit" | "run">;

const CALLS: Readonly<Record<Way, (app: Hono) => Calls | Promise<Calls>>> = {
  fetch: (app) => ({
    visit: async (path, cookie) => {
      const headers = { ...HEADERS, cookie };
      const response = await app.fetch(new Request(ORIGIN + path, { headers }));
      const cookies = response.headers.getSetCookie();
      return { status: response.status, cookies, text: await response.text() };
    },
  }),
  "node-server": (app) => {
    const listener = listenerOf(app);
    return { visit: (path, cookie) => request(listener, path, cookie) };
  },
  http: async (app) => {
    const server = createServer(listenerOf(app)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = new Client();
    process.on("disconnect", () => process.exit());
    return {
      visit: (path, cookie) => visitByHttp(port, path, cookie),
      run: (path, cookies, times) => client.run({ port, path, cookies, times }),
    };
  },
};

function listenerOf(app: Hono): RequestListener {
  return getRequestListener(app.fetch) as RequestListener;
}

async function compare(way: Way): Promise<void> {
  const rivals = Object.fromEntries(
    CONTENDERS.map((contender) => [contender, new Rival(import.meta.filename, way, contender)]),
  ) as Record<Contender, Rival>;
  await takeTurns(Object.values(rivals), CASES, EFFORT);
  console.log(`\n${way}\n`);
  printHead(["", "bare", "idle middleware", "hono-sessions", "sojourn", "ratio", "limit"]);
  for (const store of ["memory", "cookie"] as const) {
    for (const one of CASES) reportCase(way, store, one, rivals);
  }
}

function reportCase(
  way: Way,
  store: "memory" | "cookie",
  one: Case,
  rivals: Readonly<Record<Contender, Rival>>,
): void {
  const { bare, idle } = rivals;
  const [peer, ours] = [rivals[`peer-${store}`], rivals[`ours-${store}`]];
  const added = [idle, peer, ours].map((rival) => rival.added(one, bare));
  const ratio = each(ours.added(one, bare), peer.added(one, bare), (cost, base) => cost / base);
  const isUntouched = one.path === "/untouched";
  const beside = ours.added(one, idle).quartile;
  const isOver = isUntouched ? beside > UNTOUCHED_LIMIT : !(ratio.quartile <= LIMITS[way]);
  // Over loopback half a microsecond cannot be told from the kernel's swings, nor from what a longer
  // cookie costs every application.
  const isGated = !isUntouched || (way !== "http" && !one.isKnown);
  if (isOver && isGated) process.exitCode = 1;
  const limit = isUntouched ? `${beside.toFixed(1)} beside idle, ${UNTOUCHED_LIMIT}` : LIMITS[way];
  const costs = [bare.cost(one), ...added].map((cost) => text(cost, 1));
  const cells = [`${one.name}, ${store}`, ...costs, text(ratio, 2)];
  printRow([...cells, `${isGated ? limit : ""}${isOver && isGated ? " EXCEEDED" : ""}`]);
}

const [, , way, contender] = process.argv;
if (contender === undefined) {
  console.log(
    "\nµs of processor time that the session layer adds to one request on Hono:\nlower quartile " +
      `(median) of ${ROUNDS} rounds of ${REQUESTS_PER_ROUND} requests.\n${machine()}`,
  );
  for (const one of WAYS) if (way === undefined || way === one) await compare(one);
} else {
  await serve(way as Way, contender as Contender);
}
