/**
 * What does Sojourn add to a request on h3, beside h3's own `useSession`, which seals sessions into
 * cookies, and beside Sojourn's adapter for Node's http? Usage: npm run bench -- h3
 *
 * Each application is called in two ways: by `app.fetch` in process, and through srvx's Node handler in
 * process (real requests of Node's, over sockets in memory). What one adds is the difference to the same
 * application without sessions; beside that stands a middleware that does nothing, for what h3 itself
 * takes to have one. There is no library for h3 that keeps sessions in a store. See support/rivals.ts
 * for what counts.
 */
import { randomBytes } from "node:crypto";
import type { RequestListener } from "node:http";
import { H3, type H3Event, toNodeHandler, useSession } from "h3";
import { createSessions, memoryStore, type Sessions } from "sojourn";
import { cookieStore } from "sojourn/cookie";
import { sessionMiddleware } from "sojourn/h3";
import { sessionMiddleware as nodeMiddleware } from "sojourn/node";
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
  type Visit,
} from "./support/rivals.ts";
import { DATA, HEADERS, type Shop } from "./support/shop.ts";

type Contender = keyof typeof CONTENDERS;
type Way = (typeof WAYS)[number];
type Deeds = Readonly<Record<"read" | "write" | "create", (event: H3Event) => Promise<string>>>;

const CASES: readonly Case[] = [
  { name: "new visitor, untouched", path: "/untouched", isKnown: false },
  { name: "existing, untouched", path: "/untouched", isKnown: true },
  { name: "read", path: "/read", isKnown: true },
  { name: "write", path: "/write", isKnown: true },
  { name: "first visit", path: "/create", isKnown: false },
];
const WAYS = ["fetch", "node"] as const;
/** In µs, beside a middleware that does nothing, where nobody asks for the session. */
const UNTOUCHED_LIMIT = 0.5;
/** Of what the adapter for Node's http adds. */
const NODE_LIMIT = 1.3;
const EFFORT = { processes: 3, roundsPerProcess: 8 };
/** It derives its keys anew for each session, some milliseconds: one batch a round tells as much. */
const PEER_TIMES = 1;
const ROUNDS: number = EFFORT.processes * EFFORT.roundsPerProcess;
const ORIGIN = "https://shop.example";

process.env["NODE_ENV"] = "production";

function h3App(deeds: Deeds): H3 {
  const app = new H3().get("/untouched", () => "ok");
  for (const [name, deed] of Object.entries(deeds)) app.get(`/${name}`, deed);
  return app;
}

const bareDeeds: Deeds = {
  read: async () => DATA.theme,
  write: async () => "ok",
  create: async () => "ok",
};

function peerDeeds(): Deeds {
  const config = { password: "k".repeat(32), name: "h3" };
  return {
    read: async (event) => (await useSession<Shop>(event, config)).data.theme ?? "none",
    write: async (event) => {
      const session = await useSession<Shop>(event, config);
      await session.update({ visits: (session.data.visits ?? 0) + 1 });
      return "ok";
    },
    create: async (event) => {
      await (await useSession<Shop>(event, config)).update(DATA);
      return "ok";
    },
  };
}

type Open = (request: object) => ReturnType<Sessions<Partial<Shop>>["open"]>;

async function write(open: Open, request: object): Promise<string> {
  const session = await open(request);
  session.set("visits", (session.get("visits") ?? 0) + 1);
  return "ok";
}

async function create(open: Open, request: object): Promise<string> {
  const session = await open(request);
  session.set("cart", DATA.cart);
  session.set("theme", DATA.theme);
  session.set("name", DATA.name);
  session.set("visits", DATA.visits);
  return "ok";
}

async function read(open: Open, request: object): Promise<string> {
  return (await open(request)).get("theme") ?? "none";
}

function ourDeeds({ open }: { readonly open: Open }): Deeds {
  return {
    read: (event) => read(open, event),
    write: (event) => write(open, event),
    create: (event) => create(open, event),
  };
}

const trustProxy = ["loopback"];
type OurSessions = Sessions<Partial<Shop>>;
const inMemory = (): OurSessions => createSessions<Shop>({ store: memoryStore(), trustProxy });
const inCookies = (): OurSessions => {
  const store = cookieStore({
    revocations: "none: a copied cookie works until it expires, signed out or not",
  });
  return createSessions<Shop>({ store, keys: randomBytes(32), trustProxy });
};

function ourApp(sessions: OurSessions): H3 {
  return mounted(ourDeeds({ open: (event) => sessions.open(event) }), sessionMiddleware(sessions));
}

function mounted(deeds: Deeds, middleware: Parameters<H3["use"]>[0]): H3 {
  const app = new H3().use(middleware);
  app.get("/untouched", () => "ok");
  for (const [name, deed] of Object.entries(deeds)) app.get(`/${name}`, deed);
  return app;
}

type Page = (req: Parameters<RequestListener>[0]) => Promise<string> | string;

function nodeApp(pages: Readonly<Record<string, Page>>): RequestListener {
  return async (req, res) => {
    const page = await pages[req.url ?? ""]?.(req);
    res.end(page);
  };
}

function ourNodeApp(): RequestListener {
  const sessions = inMemory();
  const open: Open = (req) => sessions.open(req as Parameters<OurSessions["open"]>[0]);
  const respond = nodeApp({
    "/untouched": () => "ok",
    "/read": (req) => read(open, req),
    "/write": (req) => write(open, req),
    "/create": (req) => create(open, req),
  });
  const withSessions = nodeMiddleware(sessions);
  return (req, res) => void withSessions(req, res, () => respond(req, res));
}

const CONTENDERS = {
  bare: () => h3App(bareDeeds),
  idle: () => mounted(bareDeeds, (_event, next) => next()),
  peer: () => h3App(peerDeeds()),
  "ours-memory": () => ourApp(inMemory()),
  "ours-cookie": () => ourApp(inCookies()),
  "node-bare": () =>
    nodeApp({
      "/untouched": () => "ok",
      "/read": async () => DATA.theme,
      "/write": async () => "ok",
      "/create": async () => "ok",
    }),
  "node-ours": ourNodeApp,
} as const satisfies Readonly<Record<string, () => H3 | RequestListener>>;
const NAMES = Object.keys(CONTENDERS) as Contender[];

async function serve(way: Way, contender: Contender): Promise<void> {
  const check: Rounds<Case>["check"] = ({ path, isKnown }, { cookies, text }) => {
    const isSession = /peer|ours/.test(contender);
    const sends = path === "/create" || (path === "/write" && /peer|cookie/.test(contender));
    const isRead = path !== "/read" || !isKnown || text.endsWith(DATA.theme);
    return isRead && cookies.length > 0 === (isSession && sends);
  };
  const visit = visitBy(way, CONTENDERS[contender]());
  await answerRounds({
    cases: CASES,
    check,
    visit,
    ...(contender === "peer" && { times: PEER_TIMES }),
  });
}

function visitBy(way: Way, app: H3 | RequestListener): Visit {
  if (typeof app === "function") return (path, cookie) => request(app, path, cookie);
  const listener = toNodeHandler(app) as RequestListener;
  if (way === "node") return (path, cookie) => request(listener, path, cookie);
  return async (path, cookie) => {
    const headers = { ...HEADERS, cookie };
    const response = await app.fetch(new Request(ORIGIN + path, { headers }));
    const cookies = response.headers.getSetCookie();
    return { status: response.status, cookies, text: await response.text() };
  };
}

async function compare(way: Way): Promise<void> {
  const rivals = Object.fromEntries(
    NAMES.map((contender) => [contender, new Rival(import.meta.filename, way, contender)]),
  ) as Record<Contender, Rival>;
  await takeTurns(Object.values(rivals), CASES, EFFORT);
  console.log(`\n${way}\n`);
  printHead([
    "",
    "bare",
    "idle",
    "useSession",
    "in cookies",
    "in memory",
    "of useSession",
    "of node's",
  ]);
  for (const one of CASES) reportCase(way, one, rivals);
}

function reportCase(way: Way, one: Case, rivals: Readonly<Record<Contender, Rival>>): void {
  const { bare, idle, peer, "ours-memory": ours, "ours-cookie": sealed } = rivals;
  const added = [idle, peer, sealed, ours].map((rival) => text(rival.added(one, bare), 1));
  const divide = (cost: number, base: number): number => cost / base;
  const ratio = each(ours.added(one, bare), peer.added(one, bare), divide);
  const node = rivals["node-ours"].added(one, rivals["node-bare"]);
  const ofNode = each(ours.added(one, bare), node, divide);
  const isUntouched = one.path === "/untouched";
  const beside = ours.added(one, idle).quartile;
  // By fetch a request of the web's is made anew each time, which Node's adapter never sees.
  const isOverNode = way === "node" && !isUntouched && ofNode.quartile > NODE_LIMIT;
  const isOver = isUntouched ? beside > UNTOUCHED_LIMIT : ratio.quartile >= 1 || isOverNode;
  if (isOver) process.exitCode = 1;
  const word = isUntouched ? `${beside.toFixed(1)} beside idle` : text(ratio, 2);
  const cells = [one.name, text(bare.cost(one), 1), ...added, word, text(ofNode, 2)];
  printRow([...cells, isOver ? "EXCEEDED" : ""]);
}

const [, , way, contender] = process.argv;
if (contender === undefined) {
  console.log(
    "\nµs of processor time that the session layer adds to one request on h3:\nlower quartile " +
      `(median) of ${ROUNDS} rounds of ${REQUESTS_PER_ROUND} requests, or a\nfiftieth of that where useSession derives keys.\n${machine()}`,
  );
  for (const one of WAYS) if (way === undefined || way === one) await compare(one);
} else {
  await serve(way as Way, contender as Contender);
}
