// Runs inside each runtime: everything below is made while the module is loaded, where workerd
// allows no I/O, no timers and no randomness.
import { Hono } from "hono";
import {
  createSessions,
  type HandleOptions,
  memoryStore,
  type Session,
  type SessionStore,
  type Sessions,
  type StoreCall,
} from "sojourn";
import { sessionMiddleware } from "sojourn/hono";
import { cookieSessions } from "./cookies.ts";
import { readingOf, type SealedText } from "./sealing.ts";
import type { Shop } from "./shop.ts";

const SHOP = {
  defaults: { visits: 0, theme: "light" } satisfies Shop,
  // The tests say "https" as a proxy would.
  trustProxy: "all",
} as const;

const webSessions = createSessions({ ...SHOP, store: memoryStore() });
const honoSessions = createSessions({ ...SHOP, store: memoryStore() });
/** On the developer's machine no proxy is trusted. */
const LOCAL = { defaults: SHOP.defaults };
const localSessions = createSessions({ ...LOCAL, store: memoryStore() });
const localHonoSessions = createSessions({ ...LOCAL, store: memoryStore() });

/** Nothing is chosen: it says so in a warning, and keeps sessions in memory. */
const bareSessions = createSessions<Shop>();

let hangs = false;
const stuckSessions = createSessions({
  ...SHOP,
  storeTimeout: 1_000,
  store: delayed(memoryStore(), (method) => {
    return hangs && method === "load" ? new Promise(() => undefined) : undefined;
  }),
});

/** As a store over a network, it takes its time, and stops when it is told to. */
const slowSessions = createSessions({
  ...SHOP,
  store: delayed(
    memoryStore(),
    (_, signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => reject(signal?.reason);
        signal?.addEventListener("abort", stop);
        setTimeout(() => {
          signal?.removeEventListener("abort", stop);
          resolve(undefined);
        }, 3);
      }),
  ),
});

type Delay = (method: string | symbol, signal: AbortSignal | undefined) => unknown;

/** The store, whose methods wait for `delay` first. */
function delayed(store: SessionStore, delay: Delay): SessionStore {
  return new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return async (...args: readonly unknown[]) => {
        const call = args.at(-1) as StoreCall | undefined;
        await delay(property, call?.signal);
        return Reflect.apply(value, target, args);
      };
    },
  });
}

/** What each path does; the answer is `undefined` where no session is opened. */
const PAGES: Readonly<Record<string, (session: Session<Shop>) => unknown>> = {
  "/visit": async (session) => {
    const visits = await session.update("visits", (n) => n + 1);
    return { visits, userId: session.userId };
  },
  "/sign-in": async (session) => {
    await session.signIn("u1");
    session.flash("notice", "Welcome");
    return { userId: session.userId };
  },
  "/sign-out": async (session) => {
    await session.signOut({ keep: ["visits"] });
    return { userId: session.userId };
  },
  "/regenerate": (session) => session.regenerate(),
  "/notice": (session) => session.take("notice"),
  "/destroy": (session) => session.destroy(),
};

async function answer(
  sessions: Sessions<Shop>,
  request: Request,
  opened: object,
  path: string,
): Promise<Response> {
  if (path === "/untouched") return Response.json({});
  if (path === "/read") return Response.json(await factsOf(sessions, request));
  if (path === "/devices") return Response.json((await sessions.list({ userId: "u1" })).length);
  if (path === "/stream") return streamed(await sessions.open(opened));
  const page = PAGES[path];
  if (page === undefined) return new Response("No such page", { status: 404 });
  const result = await page(await sessions.open(opened));
  return Response.json(result ?? null);
}

async function factsOf(sessions: Sessions<Shop>, request: Request): Promise<unknown> {
  const view = await sessions.read(request);
  return view === undefined
    ? null
    : { visits: view.get("visits"), theme: view.get("theme"), userId: view.userId };
}

/** Changes the session after its first chunk has been sent. */
function streamed(session: Session<Shop>): Response {
  const chunks = ["one,", "two"].map((text) => new TextEncoder().encode(text));
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks.shift();
        if (chunk === undefined) return controller.close();
        controller.enqueue(chunk);
        session.set("theme", "dark");
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body);
}

function honoApp(area: string, sessions: Sessions<Shop>): Hono {
  const app = new Hono().basePath(area).use(sessionMiddleware(sessions));
  app.all("/*", (c) => answer(sessions, c.req.raw, c, c.req.path.replace(area, "")));
  return app;
}

const app = honoApp("/hono", honoSessions);
const localApp = honoApp("/localHono", localHonoSessions);

/** The whole site. `bindings` is what the runtime gives to a handler beside the request. */
export async function site(
  request: Request,
  bindings: object,
  options: HandleOptions = {},
): Promise<Response> {
  if (request.method === "POST") {
    const texts: readonly SealedText[] = JSON.parse(await request.text());
    return Response.json(texts.map(readingOf));
  }
  const [, area = "", path = ""] = /^(\/\w+)(\/.*)$/.exec(new URL(request.url).pathname) ?? [];
  if (area === "/hono") return app.fetch(request, bindings);
  if (area === "/localHono") return localApp.fetch(request, bindings);
  if (area === "/local") {
    return localSessions.handle(request, (req) => answer(localSessions, req, req, path), options);
  }
  if (area === "/stuck") {
    hangs = path === "/hang";
    return stuckSessions.handle(request, (req) => answer(stuckSessions, req, req, "/visit"));
  }
  if (area === "/slow") {
    return slowSessions.handle(request, (req) => answer(slowSessions, req, req, path));
  }
  if (area === "/cookie") {
    return cookieSessions.handle(request, (req) => answer(cookieSessions, req, req, path));
  }
  if (area === "/bare") {
    const greet = async (req: Request): Promise<Response> => {
      const session = await bareSessions.open(req);
      return Response.json(await session.update("visits", (n = 0) => n + 1));
    };
    return bareSessions.handle(request, greet, options);
  }
  return webSessions.handle(request, (req) => answer(webSessions, req, req, path), options);
}
