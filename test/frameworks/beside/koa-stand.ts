import { createServer } from "node:http";
import { Readable } from "node:stream";
import Koa, { type Context, type Middleware, type Next } from "koa";
import compress from "koa-compress";
import conditional from "koa-conditional-get";
import etag from "koa-etag";
import helmet from "koa-helmet";
import files from "koa-static";
import { sessionMiddleware } from "../../../src/frameworks/koa.ts";
import type { Asked } from "./compare.ts";
import { breaking, FUTURE, PAGE, type Place, pieces, UNCHANGED } from "./neighbours.ts";
import type { Sojourn } from "./servers.ts";
import { type Stand, standOf } from "./stand.ts";

interface KoaRoute extends Asked {
  handle(ctx: Context, next: Next): unknown;
}

type Handle = (ctx: Context) => void;

/** Answers with a page of HTML. */
const page =
  (body: () => unknown, more: object = {}): Handle =>
  (ctx) =>
    void Object.assign(ctx, { body: body(), type: "html", ...more });

/** Sends a file by koa-static, which stands behind the routes. */
const file =
  (path: string) =>
  (ctx: Context, next: Next): Promise<unknown> => {
    ctx.path = path;
    return next();
  };

const ROUTES: Readonly<Record<string, KoaRoute>> = {
  "a small page": { handle: page(() => "<p>hello</p>") },
  "a large page": { handle: page(() => PAGE) },
  json: { handle: page(() => ({ pages: [PAGE] }), { type: "json" }) },
  "a buffer": { handle: page(() => Buffer.from(PAGE)) },
  "a stream": { handle: page(() => Readable.from(pieces())) },
  "a stream of the web": { handle: page(() => ReadableStream.from(pieces())) },
  "a stream that breaks": { isGivenUp: true, handle: page(() => Readable.from(breaking())) },
  "a redirect": { handle: (ctx) => ctx.redirect("/elsewhere") },
  "nothing, 204": { handle: page(() => null, { status: 204 }) },
  "a page with its own headers": {
    handle: (ctx) => {
      ctx.set({ ETag: UNCHANGED, "Cache-Control": "public, max-age=60", Expires: FUTURE });
      ctx.cookies.set("theme", "dark");
      Object.assign(ctx, { status: 201, body: PAGE });
    },
  },
  "what has not changed, by its tag": {
    headers: { "If-None-Match": UNCHANGED },
    handle: (ctx) => {
      ctx.set("ETag", UNCHANGED);
      ctx.body = PAGE;
    },
  },
  "a file": { handle: file("/small.html") },
  "a large file": { handle: file("/large.html") },
  "an empty file": { handle: file("/empty.html") },
  "a file that is not there": { handle: file("/none.html") },
  "a file that has not changed": {
    headers: { "If-Modified-Since": FUTURE },
    handle: file("/small.html"),
  },
  "a throw": {
    handle: () => {
      throw new Error("A slip");
    },
  },
  "a refusal": { handle: (ctx) => ctx.throw(403, "Not yours") },
  "a throw after a page": {
    handle: (ctx) => {
      ctx.body = PAGE;
      throw new Error("A slip");
    },
  },
};

const NEIGHBOURS: Readonly<Record<string, () => readonly Middleware[]>> = {
  none: () => [],
  compress: () => [compress({ threshold: 0 })],
  "conditional-get and etag": () => [conditional(), etag()],
  "helmet, compress, conditional-get and etag": () => [
    helmet(),
    compress({ threshold: 0 }),
    conditional(),
    etag(),
  ],
};
export const KOA_NEIGHBOURS: readonly string[] = Object.keys(NEIGHBOURS);

/** What is asked of Koa with these neighbours. */
export function koaRoutes(neighbours: string): [name: string, route: KoaRoute][] {
  // koa-compress never ends what stands on a stream that breaks.
  const isEndless = (name: string): boolean =>
    neighbours.includes("compress") && name === "a stream that breaks";
  return Object.entries(ROUTES).filter(([name]) => !isEndless(name));
}

/** Serves Koa's routes by their numbers, `/0` and on, and `/after`. */
export function koaStand(
  neighbours: string,
  place: Place,
  folder: string,
  sojourn?: Sojourn,
): Promise<Stand> {
  const visits: Stand["visits"] = new Map();
  const routes = koaRoutes(neighbours).map(([, route]) => route);
  const app = new Koa();
  app.on("error", () => undefined);
  const others = NEIGHBOURS[neighbours]?.() ?? [];
  const ours = sojourn === undefined ? [] : [sessionMiddleware(sojourn.sessions)];
  for (const each of place === "before" ? [...others, ...ours] : [...ours, ...others])
    app.use(each);
  app.use(async (ctx, next) => {
    if (ctx.path === "/after") {
      ctx.body = "after";
      return;
    }
    const done = Promise.withResolvers<void>();
    visits.set(ctx.get("X-Id"), { heard: [], done: done.promise });
    try {
      await sojourn?.prepare(ctx.req);
      await routes[Number(ctx.path.slice(1))]?.handle(ctx, next);
    } finally {
      done.resolve();
    }
  });
  app.use(files(folder));
  return standOf(createServer(app.callback()), visits);
}
