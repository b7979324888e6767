import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import express from "express";
import { Hono } from "hono";
import * as sojourn from "sojourn";
import { attach } from "sojourn/adapter";
import { sessionMiddleware as expressSessions } from "sojourn/express";
import { sessionMiddleware as honoSessions } from "sojourn/hono";
import { sessionMiddleware as nodeSessions } from "sojourn/node";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { folderInside, MANIFEST, ROOT } from "./support/project.ts";

type Library = typeof sojourn;
type Manager = sojourn.Sessions<{ visits: number }>;

const ORIGIN = "https://shop.example";

let folder: string;
/** As a bundler makes it for another part of the application. */
let other: Library;

async function copied(name: string, version = MANIFEST.version): Promise<Library> {
  const at = join(folder, name);
  cpSync(join(ROOT, "dist"), at, { recursive: true });
  const file = join(at, "core/version.js");
  const text = readFileSync(file, "utf8");
  expect(text).toContain(`"${MANIFEST.version}"`);
  writeFileSync(file, text.replace(MANIFEST.version, version));
  return import(join(at, "index.js"));
}

beforeAll(async () => {
  folder = folderInside("copies");
  other = await copied("second");
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

afterEach(() => {
  vi.restoreAllMocks();
});

function managerOf(library: Library, isAway = false): Manager {
  const store = library.memoryStore();
  const away = { ...bound(store), load: () => Promise.reject(new Error("away")) };
  return library.createSessions<{ visits: number }>({
    store: isAway ? away : store,
    defaults: { visits: 0 },
    trustProxy: "all",
  });
}

function bound(store: sojourn.SessionStore): sojourn.SessionStore {
  const { profile } = store;
  const [load, create, update, end] = [store.load, store.create, store.update, store.end].map(
    (method) => method.bind(store),
  ) as [never, never, never, never];
  return { profile, load, create, update, end };
}

async function visit(sessions: Manager, request: object): Promise<string> {
  const session = await sessions.open(request);
  return String(await session.update("visits", (n) => n + 1));
}

type Serve = (
  sessions: Manager,
) => Promise<(headers?: Record<string, string>) => Promise<Response>>;

async function byPort(listener: RequestListener): ReturnType<Serve> {
  const server = createServer(listener);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  server.unref();
  const { port } = Object(server.address());
  return (headers) =>
    fetch(`http://127.0.0.1:${port}`, {
      headers: { ...headers, "X-Forwarded-Proto": "https", Connection: "close" },
    });
}

const SERVERS: readonly [string, Serve][] = [
  [
    "node:http",
    (sessions) => {
      const withSessions = nodeSessions(sessions);
      return byPort((req, res) => {
        void withSessions(req, res, async () => res.end(await visit(sessions, req)));
      });
    },
  ],
  [
    "Express",
    (sessions) => {
      const app = express().set("env", "development").use(expressSessions(sessions));
      app.get("/", async (req, res) => res.send(await visit(sessions, req)));
      return byPort(app);
    },
  ],
  [
    "Hono",
    async (sessions) => {
      const app = new Hono().use(honoSessions(sessions));
      app.get("/", async (c) => c.text(await visit(sessions, c)));
      return async (headers) => app.request(ORIGIN, { ...(headers && { headers }) });
    },
  ],
];

describe("A manager of another copy of the library", () => {
  it.each(SERVERS)("is served by this copy's adapter for %s", async (_, serve) => {
    const ask = await serve(managerOf(other));
    const first = await ask();
    expect(await first.text()).toBe("1");
    const [cookie = ""] = first.headers.get("set-cookie")?.split(";") ?? [];
    expect(await (await ask({ cookie })).text()).toBe("2");
  });

  it.each(SERVERS)("has its outages answered with 503 and told once, by %s", async (_, serve) => {
    const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const ask = await serve(managerOf(other, true));
    const cookie = `__Host-Http-session=${"A".repeat(43)}`;
    expect((await ask({ cookie })).status).toBe(503);
    // Express prints a little later than it answers.
    await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(1), { timeout: 20_000 });
  });

  it("is taken by adapters of one's own", async () => {
    const sessions = managerOf(other);
    const request = new Request(ORIGIN);
    const exchange = {
      request: {
        method: "GET",
        target: "/",
        header: () => undefined,
        isEncrypted: true,
        remoteAddress: undefined,
      },
      reply: { get: () => undefined, set: () => undefined, addCookie: () => undefined },
    };
    attach(sessions, exchange, [request]);
    expect((await sessions.open(request)).isNew).toBe(true);
  });

  it("is refused by name where it is of another version", async () => {
    const newer = await copied("third", "9.9.9");
    expect(() => nodeSessions(managerOf(newer))).toThrow(
      `sessions: it was made by version 9.9.9 of sojourn, and this is ${MANIFEST.version}. See ` +
        "`npm ls sojourn`",
    );
  });
});

describe("An error of another copy of the library", () => {
  it("is an instance of its class, and of no other", () => {
    const error = new other.StoreError("load", "failed", "away");
    expect(Object.getPrototypeOf(error)).not.toBe(sojourn.StoreError.prototype);
    expect(error).toBeInstanceOf(sojourn.StoreError);
    expect(error).toBeInstanceOf(sojourn.SessionError);
    expect(error).not.toBeInstanceOf(sojourn.OptionsError);
    expect(new Error("load")).not.toBeInstanceOf(sojourn.SessionError);
    expect(undefined).not.toBeInstanceOf(sojourn.SessionError);
  });

  it("is none of an application's own kind", () => {
    class Mine extends sojourn.StoreError {}
    expect(new other.StoreError("load", "failed", "away")).not.toBeInstanceOf(Mine);
    expect(new Mine("load", "failed", "away")).toBeInstanceOf(Mine);
    expect(new Mine("load", "failed", "away")).toBeInstanceOf(other.StoreError);
  });

  it("keeps its name where a minifier shortens that of its class", () => {
    const error = new other.OptionsError("store", "it must be one.");
    expect(error.name).toBe("OptionsError");
    expect(error.stack).toMatch(/^OptionsError: store: it must be one\./);
    expect(Object.hasOwn(sojourn.OptionsError.prototype, "name")).toBe(true);
  });
});
