import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import express from "express";
import express4 from "express4";
import { Hono } from "hono";
import { afterEach, describe, expect, it } from "vitest";
import { sessionMiddleware as expressSessions } from "../../src/frameworks/express.ts";
import { sessionMiddleware as honoSessions } from "../../src/frameworks/hono.ts";
import { sessionMiddleware as nodeSessions } from "../../src/frameworks/node.ts";
import type { Session, Sessions } from "../../src/index.ts";
import { listen, pathOf } from "./support/server.ts";
import { sharedCache } from "./support/shared-cache.ts";
import { closeAll, onClose, type Shop, shop } from "./support/shop.ts";

afterEach(closeAll);

/** What applications and frameworks say to caches. */
const RULES: Readonly<Record<string, Record<string, string>>> = {
  public: { "Cache-Control": "public, max-age=600" },
  shared: { "Cache-Control": "s-maxage=600" },
  aged: { "Cache-Control": "max-age=600" },
  understood: { "Cache-Control": "no-store, must-understand, max-age=600" },
  cdn: { "Cache-Control": "no-store", "CDN-Cache-Control": "max-age=600" },
  surrogate: { "Cache-Control": "private", "Surrogate-Control": "max-age=600" },
  expires: { Expires: "Thu, 01 Jan 2099 00:00:00 GMT" },
  heuristic: { "Last-Modified": "Thu, 01 Jan 2015 00:00:00 GMT" },
};

type Act = (name: string, open: () => Promise<Session<Shop>>) => Promise<string>;

/** Every visitor without a session is given one; who has one only reads. */
const act: Act = async (name, open) => {
  if (name === "untouched") return "the same to all";
  const session = await open();
  if (session.isNew) await session.signIn(`user${crypto.randomUUID()}`);
  return session.userId ?? "nobody";
};

const rulesOf = (name: string): Record<string, string> =>
  RULES[name] ?? { "Cache-Control": "public, max-age=600" };

const FRAMEWORKS: Readonly<Record<string, (sessions: Sessions<Shop>) => Server>> = {
  "Express 5": (sessions) => createServer(expressApp(express, sessions)),
  "Express 4": (sessions) =>
    createServer(expressApp(express4 as unknown as typeof express, sessions)),
  node: (sessions) => createServer(nodeApp(sessions)),
  Hono: (sessions) => createAdaptorServer({ fetch: honoApp(sessions).fetch }) as Server,
};

function expressApp(make: typeof express, sessions: Sessions<Shop>): express.Express {
  return make()
    .use(expressSessions(sessions))
    .get("/:name", async (req, res) => {
      const body = await act(req.params.name, () => sessions.open(req));
      res.set(rulesOf(req.params.name)).send(body);
    });
}

function nodeApp(sessions: Sessions<Shop>): RequestListener {
  const withSessions = nodeSessions(sessions);
  return (req, res) =>
    withSessions(req, res, async () => {
      const name = pathOf(req).slice(1);
      const body = await act(name, () => sessions.open(req));
      res.writeHead(200, rulesOf(name)).end(body);
    });
}

function honoApp(sessions: Sessions<Shop>): Hono {
  return new Hono().use(honoSessions(sessions)).get("/:name", async (c) => {
    const { name } = c.req.param();
    return c.body(await act(name, () => sessions.open(c)), 200, rulesOf(name));
  });
}

async function cacheBefore(framework: string): Promise<string> {
  const server = FRAMEWORKS[framework]?.(shop().sessions);
  return cacheBeforeServer(server as Server);
}

async function cacheBeforeServer(server: Server): Promise<string> {
  const { target, close } = await listen(server);
  onClose(() => close?.());
  const cache = await sharedCache(target);
  onClose(() => cache.close());
  return cache.target;
}

interface Seen {
  readonly body: string;
  readonly cookie: string | undefined;
  readonly cache: string | null;
}

async function visit(target: string, path: string, cookie?: string): Promise<Seen> {
  const response = await fetch(target + path, cookie === undefined ? {} : { headers: { cookie } });
  const [line] = response.headers.getSetCookie();
  const pair = line?.split(";", 1)[0];
  return { body: await response.text(), cookie: pair, cache: response.headers.get("x-cache") };
}

describe.each(Object.keys(FRAMEWORKS))("behind a shared cache, %s", (framework) => {
  it.each(Object.keys(RULES))(
    "gives two new visitors two sessions: %s [CVE-2025-48947, CVE-2025-64762]",
    async (rule) => {
      const cache = await cacheBefore(framework);
      const [ada, eve] = [await visit(cache, `/${rule}`), await visit(cache, `/${rule}`)];
      expect([ada.cache, eve.cache]).toEqual(["miss", "miss"]);
      expect(ada.cookie).toMatch(/^__Host-Http-session=[\w-]{43}$/);
      expect(eve.cookie).toMatch(/^__Host-Http-session=[\w-]{43}$/);
      expect(eve.cookie).not.toBe(ada.cookie);
      expect(eve.body).not.toBe(ada.body);
    },
  );

  it.each(Object.keys(RULES))(
    "shows a signed-in page to its own visitor alone: %s [ASVS 14.2.2, WSTG-SESS-04]",
    async (rule) => {
      const cache = await cacheBefore(framework);
      const { cookie, body } = await visit(cache, `/${rule}`);
      for (let times = 0; times < 2; times += 1) {
        const again = await visit(cache, `/${rule}`, cookie);
        expect(again).toEqual({ body, cookie: undefined, cache: "miss" });
      }
    },
  );

  it("leaves what opened no session to the cache", async () => {
    const cache = await cacheBefore(framework);
    const seen = [await visit(cache, "/untouched"), await visit(cache, "/untouched")];
    expect(seen.map((one) => one.cache)).toEqual(["miss", "hit"]);
  });
});

describe.each([
  ["Express 5", express],
  ["Express 4", express4 as unknown as typeof express],
] as const)("behind a shared cache, the files of %s", (_, make) => {
  it.each([
    ["static, as it comes", { static: {} }],
    ["static, for an hour", { static: { maxAge: "1h" } }],
    ["static, for ever", { static: { maxAge: "1y", immutable: true } }],
    ["sendFile", { file: {} }],
    ["sendFile, for an hour", { file: { maxAge: "1h" } }],
  ])("give two new visitors two sessions: %s", async (_name, serve) => {
    const folder = await mkdtemp(join(tmpdir(), "sojourn-"));
    onClose(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "page.html"), "<p>The same to all.</p>");
    const { sessions } = shop();
    const app = make().use(expressSessions(sessions));
    app.use(async (req, _res, next) => {
      (await sessions.open(req)).set("name", req.path);
      next();
    });
    if ("static" in serve) app.use(make.static(folder, serve.static));
    else app.get("/page.html", (_req, res) => res.sendFile(join(folder, "page.html"), serve.file));
    const cache = await cacheBeforeServer(createServer(app));
    const seen: Seen[] = [];
    for (let times = 0; times < 3; times += 1) seen.push(await visit(cache, "/page.html"));
    expect(seen.map((one) => one.body)).toEqual(Array(3).fill("<p>The same to all.</p>"));
    expect(new Set(seen.map((one) => one.cookie)).size).toBe(3);
    expect(seen.every((one) => one.cookie?.startsWith("__Host-Http-session="))).toBe(true);
  });
});
