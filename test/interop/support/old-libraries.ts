import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fastifyCookie from "@fastify/cookie";
import fastifySecureSession from "@fastify/secure-session";
import fastifySession from "@fastify/session";
import { getRequestListener } from "@hono/node-server";
import { RedisStore } from "connect-redis";
import cookieSession from "cookie-session";
import express from "express";
import expressSession from "express-session";
import Fastify, { type FastifyRequest } from "fastify";
import { defineEventHandler, H3, useSession } from "h3";
import { Hono } from "hono";
import { CookieStore, sessionMiddleware as honoSessions, MemoryStore } from "hono-sessions";
import { getIronSession } from "iron-session";
import Koa from "koa";
import koaSession from "koa-session";
import type { createClient } from "redis";
import type { Adoptable } from "../../../src/cookies/mount.ts";
import type { Untyped } from "../../../src/index.ts";
import * as adopt from "../../../src/interop/adopt/index.ts";
import type { AdoptionMap } from "../../../src/interop/adoption/old-session.ts";
import { Auth, Credentials, skipCSRFCheck } from "./auth-js.ts";
import { type Jar, keep } from "./jar.ts";
import { sodium } from "./sodium.ts";

/** An application with an old library: `/in` signs Ada in, `/who` says who is. */
export interface OldLibrary {
  readonly name: string;
  /** Whether sessions lie in a store, so that what ended there is over for the old application too. */
  readonly isKept: boolean;
  listener(redis: Redis): Promise<RequestListener>;
  adoption(redis: Redis, map: AdoptionMap<Untyped>): Adoptable;
}

export type Redis = ReturnType<typeof createClient>;

const SECRET = "an old secret of 32 characters and more";
const KEY = Buffer.alloc(32, 5);
const ADA = { user: "ada", cart: ["tea"] };

interface Data {
  user?: string;
  cart?: readonly string[];
}

/** What the two routes do, for whatever holds a session's data. */
function visited(path: string | undefined, data: Data): string {
  if (path === "/in") Object.assign(data, ADA);
  return data.user ?? "nobody";
}

const honoStores = { kept: new MemoryStore(), whole: new CookieStore() };
const authSessions = new Map<string, { sessionToken: string; userId: string; expires: Date }>();

export const OLD_LIBRARIES: readonly OldLibrary[] = [
  {
    name: "express-session",
    isKept: true,
    listener: async (redis) => {
      const store = new RedisStore({ client: redis, prefix: "express:" });
      const options = { secret: [SECRET, "older"], store, resave: false, saveUninitialized: false };
      const app = express().use(expressSession(options));
      return app.get("/:path", (req, res) => void res.end(visited(req.path, req.session as Data)));
    },
    adoption: (redis, map) =>
      adopt.expressSessionCookie({
        secret: ["newest", SECRET],
        store: new RedisStore({ client: redis, prefix: "express:" }),
        map,
      }),
  },
  {
    name: "@fastify/session",
    isKept: true,
    listener: (redis) => {
      const store = new RedisStore({ client: redis, prefix: "fastify:" });
      return fastifyListener(
        (app) => app.register(fastifySession, { secret: SECRET, store, cookie: { secure: false } }),
        (request) => request.session as Data,
      );
    },
    adoption: (redis, map) =>
      adopt.fastifySessionCookie({
        secret: SECRET,
        store: new RedisStore({ client: redis, prefix: "fastify:" }),
        map,
      }),
  },
  {
    name: "@fastify/secure-session",
    isKept: false,
    listener: () =>
      fastifyListener(
        (app) => app.register(fastifySecureSession, { key: KEY, cookie: { path: "/" } }),
        (request) => request.session as Data,
      ),
    adoption: (_, map) => adopt.secureSessionCookie({ key: [Buffer.alloc(32), KEY], sodium, map }),
  },
  {
    name: "iron-session",
    isKept: false,
    listener: async () => async (req, res) => {
      const options = { cookieName: "app", password: SECRET, cookieOptions: { secure: false } };
      const session = await getIronSession<Data>(req, res, options);
      const answer = visited(req.url, session);
      if (req.url === "/in") await session.save();
      res.end(answer);
    },
    adoption: (_, map) => adopt.ironSessionCookie({ password: SECRET, cookieName: "app", map }),
  },
  {
    name: "h3",
    isKept: false,
    listener: async () => {
      const app = new H3();
      const config = { password: SECRET, cookie: { secure: false } };
      const handler = defineEventHandler(async (event) => {
        const session = await useSession<Data>(event, config);
        const data = { ...session.data };
        const answer = visited(event.url.pathname, data);
        if (event.url.pathname === "/in") await session.update(data);
        return answer;
      });
      app.get("/**", handler);
      return getRequestListener((request) => app.fetch(request));
    },
    adoption: (_, map) => adopt.h3SessionCookie({ password: SECRET, version: "2", map }),
  },
  honoLibrary("kept"),
  honoLibrary("whole"),
  // Before the other: Auth.js remembers that a process has had passwords, and refuses databases then.
  {
    name: "Auth.js, database",
    isKept: true,
    listener: async () => {
      const listener = authListener({
        providers: [],
        adapter: ADAPTER,
        session: { strategy: "database" },
      });
      return (req, res) => {
        if (req.url !== "/in") return void listener(req, res);
        const sessionToken = crypto.randomUUID();
        const expires = new Date(Date.now() + 3_600_000);
        authSessions.set(sessionToken, { sessionToken, userId: "ada", expires });
        res.setHeader("set-cookie", `authjs.session-token=${sessionToken}; Path=/; HttpOnly`);
        res.end("ada");
      };
    },
    adoption: (_, map) =>
      adopt.authJsDatabaseCookie({
        adapter: ADAPTER,
        useSecureCookies: false,
        adoptionSecret: SECRET,
        map,
      }),
  },
  {
    name: "Auth.js, jwt",
    isKept: false,
    listener: async () =>
      authListener({
        providers: [Credentials({ authorize: () => ({ id: "ada", name: "Ada" }) })],
        session: { strategy: "jwt" },
        skipCSRFCheck,
      }),
    adoption: (_, map) => adopt.authJsCookie({ secret: SECRET, useSecureCookies: false, map }),
  },
  {
    name: "cookie-session",
    isKept: false,
    listener: async () => {
      const app = express().use(cookieSession({ keys: [SECRET] }));
      return app.get("/:path", (req, res) => void res.end(visited(req.path, req.session as Data)));
    },
    adoption: (_, map) => adopt.cookieSessionCookie({ keys: ["newest", SECRET], map }),
  },
  {
    name: "koa-session",
    isKept: false,
    listener: async () => {
      const app = new Koa();
      app.keys = [SECRET];
      app.use(koaSession({}, app));
      app.use((ctx) => {
        ctx.body = visited(ctx.path, (ctx as unknown as { session: Data }).session);
      });
      return app.callback();
    },
    adoption: (_, map) => adopt.koaSessionCookie({ keys: SECRET, map }),
  },
];

async function fastifyListener(
  register: (app: ReturnType<typeof Fastify>) => unknown,
  dataOf: (request: FastifyRequest) => Data,
): Promise<RequestListener> {
  const app = Fastify();
  await app.register(fastifyCookie);
  await register(app);
  app.get("/:path", async (request) => visited(request.url, dataOf(request)));
  await app.ready();
  return (req, res) => app.routing(req, res);
}

function honoLibrary(which: keyof typeof honoStores): OldLibrary {
  const store = honoStores[which];
  return {
    name: `hono-sessions, ${which}`,
    isKept: which === "kept",
    listener: async () => {
      const app = new Hono<{ Variables: { session: HonoSession } }>();
      const cookieOptions = { path: "/", secure: false };
      app.use(
        "*",
        honoSessions({ store, encryptionKey: SECRET, expireAfterSeconds: 900, cookieOptions }),
      );
      app.get("/:path", (c) => {
        const session = c.get("session");
        if (c.req.path === "/in") {
          for (const [key, value] of Object.entries(ADA)) session.set(key, value);
        }
        return c.text(String(session.get("user") ?? "nobody"));
      });
      return getRequestListener(app.fetch);
    },
    adoption: (_, map) =>
      adopt.honoSessionsCookie({
        encryptionKey: SECRET,
        store: which === "kept" ? honoStores.kept : undefined,
        map,
      }),
  };
}

interface HonoSession {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

const ADAPTER = {
  getSessionAndUser: async (token: string) => {
    const session = authSessions.get(token);
    const user = { id: "ada", email: "ada@example.org", emailVerified: null };
    return session === undefined ? null : { session, user };
  },
  deleteSession: async (token: string): Promise<void> => {
    authSessions.delete(token);
  },
  ...unused("createUser", "getUser", "getUserByAccount", "getUserByEmail", "updateUser"),
  ...unused("linkAccount", "createSession", "updateSession"),
};

/** Auth.js asks for all of them, and no session needs these. */
function unused(...names: readonly string[]): Readonly<Record<string, () => Promise<never>>> {
  const none = (): Promise<never> => Promise.resolve(null as never);
  return Object.fromEntries(names.map((name) => [name, none]));
}

/** The callback of a form with a password is the sign-in. */
function authListener(config: object): RequestListener {
  const auth = (request: Request): Promise<Response> =>
    Auth(request, { basePath: "/auth", secret: SECRET, trustHost: true, ...config });
  return getRequestListener(async (request) => {
    const { origin, pathname } = new URL(request.url);
    const headers = new Headers(request.headers);
    if (pathname === "/in") {
      headers.set("content-type", "application/x-www-form-urlencoded");
      const form = { method: "POST", headers, body: "password=x" };
      return auth(new Request(`${origin}/auth/callback/credentials`, form));
    }
    const answer = await auth(new Request(`${origin}/auth/session`, { headers }));
    const session: unknown = await answer.json();
    return new Response(Object(session).user === undefined ? "nobody" : "ada");
  });
}

/** A site over real HTTP. */
export interface Site {
  ask(path: string, jar: Jar): Promise<{ readonly status: number; readonly text: string }>;
  stop(): Promise<void>;
}

export async function siteOf(listener: RequestListener): Promise<Site> {
  const server: Server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resume) => server.once("listening", resume));
  const { port } = server.address() as AddressInfo;
  return {
    ask: async (path, jar) => {
      const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        redirect: "manual",
        headers: cookie === "" ? {} : { cookie },
      });
      for (const line of answer.headers.getSetCookie()) keep(jar, line);
      return { status: answer.status, text: await answer.text() };
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resume) => server.close(resume));
    },
  };
}
