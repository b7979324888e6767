import { createServer } from "node:http";
import { format } from "node:util";
import express, { type ErrorRequestHandler, type RequestHandler } from "express";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ErrorContext } from "../../src/core/report.ts";
import type { SessionOptions } from "../../src/create-sessions.ts";
import { sessionMiddleware as expressSessions } from "../../src/frameworks/express.ts";
import { sessionMiddleware as honoSessions } from "../../src/frameworks/hono.ts";
import { sessionMiddleware as nodeSessions } from "../../src/frameworks/node.ts";
import { type TestClient, testClient, testClock } from "../../src/testing/index.ts";
import { listen } from "./support/server.ts";
import { closeAll, onClose, shop } from "./support/shop.ts";

type Manager = ReturnType<typeof shop>;
/** An application that sets a value at `/set`, sets what cannot be kept at `/slip`, and throws. */
type Serve = (manager: Manager) => Promise<TestClient>;

const printed: string[] = [];

beforeEach(() => {
  printed.length = 0;
  vi.spyOn(console, "error").mockImplementation((...what) => void printed.push(format(...what)));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

async function act({ sessions }: Manager, request: object, path: string): Promise<void> {
  if (path === "/unawaited") return void sessions.open(request);
  const session = await sessions.open(request);
  if (path === "/set") session.set("name", "Ada");
  if (path === "/update") await session.update("visits", (n) => n + 1);
  if (path === "/slip") session.set("name", new Date() as never);
  if (path.startsWith("/slip/")) session.set("cart" as never, [new Map()] as never);
  if (path.startsWith("/mistake/")) session.set(path as never, new Map() as never);
}

async function byAddress(server: ReturnType<typeof createServer>): Promise<TestClient> {
  const { target, close } = await listen(server);
  onClose(() => close?.());
  return testClient(target, { origin: "https://shop.example" });
}

const pathOf = (url = "/"): string => new URL(url, "https://shop.example").pathname;

const byNode: Serve = async (manager) => {
  const withSessions = nodeSessions(manager.sessions);
  const server = createServer((req, res) => {
    void withSessions(req, res, async () => {
      await act(manager, req, pathOf(req.url));
      res.end("done");
    });
  });
  return byAddress(server);
};

const byHono: Serve = async (manager) => {
  const app = new Hono().use(honoSessions(manager.sessions)).get("*", async (c) => {
    await act(manager, c, c.req.path);
    return c.text("done");
  });
  return testClient((request) => app.fetch(request));
};

const byHandle: Serve = async (manager) =>
  testClient((request) =>
    manager.sessions.handle(request, async () => {
      await act(manager, request, pathOf(request.url));
      return new Response("done");
    }),
  );

function expressApp(manager: Manager): express.Express {
  const app = express().use(expressSessions(manager.sessions));
  app.set("env", "production");
  const handle: RequestHandler = async (req, res) => {
    await act(manager, req, req.path);
    res.send("done");
  };
  return app.get("/*path", handle);
}

const byExpress: Serve = async (manager) => byAddress(createServer(expressApp(manager)));

describe.each<[string, Serve]>([
  ["node:http", byNode],
  ["Hono", byHono],
  ["sessions.handle", byHandle],
])("a failure on %s, where nobody else prints it", (_, serve) => {
  it.each(["/set", "/update"])(
    "is printed once, with its cause: %s [ASVS 16.3.4]",
    async (path) => {
      const manager = shop();
      const client = await serve(manager);
      manager.store.failWrites();
      expect((await client.get(`${path}?code=secret`)).status).toBe(503);
      expect(printed).toHaveLength(1);
      expect(printed[0]).toMatch(/^Sojourn: GET \/\w+ was answered with 503\. StoreError: /);
      expect(printed[0]).toMatch(/\n {4}caused by Error: The disk is full$/);
      expect(printed[0]).not.toContain("secret");
    },
  );

  it("is printed with the place of the slip that it is", async () => {
    const client = await serve(shop());
    expect((await client.get("/slip")).status).toBe(500);
    expect(printed).toHaveLength(1);
    expect(printed[0]).toMatch(/CodecError: Cannot store "name": a Date would become a string/);
    expect(printed[0]).toContain("reporting.test.ts");
  });

  it("is printed where the session cannot be loaded", async () => {
    const manager = shop();
    const client = await serve(manager);
    await client.get("/set");
    manager.store.fail();
    expect((await client.get("/")).status).toBe(503);
    expect(printed).toEqual([expect.stringContaining("could not load")]);
  });

  it("is printed once in ten seconds in an outage, with how many it stands for", async () => {
    const clock = testClock();
    const manager = shop({ clock });
    const client = await serve(manager);
    manager.store.failWrites();
    for (let requests = 0; requests < 20; requests += 1) await client.get("/set");
    await client.get("/slip");
    expect(printed.map((line) => /(\w+Error): /.exec(line)?.[1])).toEqual([
      "StoreError",
      "CodecError",
    ]);
    clock.advance("10s");
    await client.get("/set");
    expect(printed).toHaveLength(3);
    expect(printed[2]).toMatch(/\n {4}and 19 more of this kind since the last line$/);
  });

  it("is printed for each slip of the program, and again only after ten seconds", async () => {
    const client = await serve(shop({ clock: testClock() }));
    for (const path of ["/slip", "/slip/1", "/slip", "/slip/2"]) await client.get(path);
    expect(printed).toEqual([
      expect.stringContaining('Cannot store "name": a Date'),
      expect.stringContaining('Cannot store "cart[0]": a Map'),
    ]);
  });

  it("is printed for a hundred slips, and then once for all others", async () => {
    const client = await serve(shop({ clock: testClock() }));
    const name = (at: number): string => String.fromCharCode(97 + at / 26, 97 + (at % 26));
    for (let at = 0; at < 150; at += 1) await client.get(`/mistake/${name(at)}`);
    expect(printed).toHaveLength(101);
  });

  it("is given to onError instead, and nothing is printed", async () => {
    const told: [Error, ErrorContext][] = [];
    const manager = shop({ onError: (...what) => told.push(what) });
    const client = await serve(manager);
    manager.store.failWrites();
    for (const path of ["/set?code=secret", "/update", "/slip"]) await client.get(path);
    expect(told.map(([{ name }]) => name)).toEqual(["StoreError", "StoreError", "CodecError"]);
    expect(told[0]?.[1]).toEqual({
      name: "session",
      method: "GET",
      path: "/set",
      outcome: "answered",
    });
    expect(printed).toEqual([]);
  });

  it.each<[string, SessionOptions["onError"]]>([
    [
      "throws",
      () => {
        throw new Error("The logger is down");
      },
    ],
    ["rejects", () => Promise.reject(new Error("The logger is down"))],
  ])("is printed after all where onError %s", async (_name, onError) => {
    const manager = shop({ onError });
    const client = await serve(manager);
    manager.store.failWrites();
    expect((await client.get("/set")).status).toBe(503);
    await new Promise(setImmediate);
    expect(printed).toEqual([
      expect.stringContaining("The logger is down"),
      expect.stringContaining("StoreError"),
    ]);
  });
});

describe.each<[string, Serve]>([
  ["node:http", byNode],
  ["Hono", byHono],
  ["sessions.handle", byHandle],
  ["Express", byExpress],
])("a failure on %s that the visitor sees nothing of", (_, serve) => {
  it("is printed where nobody waited for the session", async () => {
    const manager = shop();
    const client = await serve(manager);
    await client.get("/set");
    manager.store.fail();
    expect((await client.get("/unawaited")).status).toBe(200);
    expect(printed).toEqual([
      expect.stringMatching(/^Sojourn: GET \/unawaited was answered as if nothing had failed\./),
    ]);
    expect(printed[0]).toContain("caused by Error: The connection was refused");
  });

  it("is printed where the session cannot be touched [ASVS 16.3.4]", async () => {
    const clock = testClock();
    const manager = shop({ clock });
    const client = await serve(manager);
    await client.get("/set");
    clock.advance("10m");
    manager.store.failWrites();
    expect((await client.get("/read")).status).toBe(200);
    expect(printed).toEqual([expect.stringContaining("could not touch")]);
  });
});

describe("a failure on node:http that the application makes its own of", () => {
  it("is given to onError once", async () => {
    const told: string[] = [];
    const manager = shop({ onError: ({ message }) => void told.push(message) });
    const withSessions = nodeSessions(manager.sessions);
    const server = createServer((req, res) => {
      void withSessions(req, res, async () => {
        const session = await manager.sessions.open(req);
        await session
          .update("visits", (n) => n + 1)
          .catch((cause: unknown) => {
            throw new Error("No visit was counted.", { cause });
          });
      });
    });
    const client = await byAddress(server);
    manager.store.failWrites();
    expect((await client.get("/")).status).toBe(500);
    expect(told).toEqual(["No visit was counted."]);
  });
});

describe("a failure on sessions.handle that the application makes its own of", () => {
  it("is given to onError, though the runtime answers", async () => {
    const told: string[] = [];
    const manager = shop({
      onError: ({ name }, { outcome }) => void told.push(`${name} ${outcome}`),
    });
    const request = new Request("https://shop.example/");
    const own = new Error("No visit was counted.");
    manager.store.failWrites();
    const response = manager.sessions.handle(request, async () => {
      const session = await manager.sessions.open(request);
      await session.update("visits", (n) => n + 1).catch(() => Promise.reject(own));
      return new Response("counted");
    });
    await expect(response).rejects.toBe(own);
    expect(told).toEqual(["StoreError answered"]);
  });
});

describe("several failures of one request, for none of which it waits", () => {
  it("are told of once, as they have one answer", async () => {
    const told: string[] = [];
    const manager = shop({ onError: ({ name }) => told.push(name) });
    const withSessions = nodeSessions(manager.sessions);
    const server = createServer((req, res) => {
      void withSessions(req, res, async () => {
        const session = await manager.sessions.open(req);
        void session.update("visits", (n) => n + 1);
        void session.signIn("ada");
        res.end("done");
      });
    });
    const client = await byAddress(server);
    manager.store.failWrites();
    expect((await client.get("/")).status).toBe(503);
    await new Promise(setImmediate);
    expect(told).toEqual(["StoreError"]);
  });
});

describe("a failure on Express, which prints by itself", () => {
  it.each(["/set", "/update", "/slip"])("is printed by nobody else: %s", async (path) => {
    const manager = shop();
    const client = await byExpress(manager);
    manager.store.failWrites();
    await client.get(path);
    await new Promise(setImmediate);
    expect(printed).toHaveLength(1);
    expect(printed[0]).not.toContain("Sojourn:");
    if (path !== "/slip") expect(printed[0]).toContain("caused by Error: The disk is full");
  });

  it("is left to the application that handles it", async () => {
    const manager = shop();
    const app = expressApp(manager);
    const handled: unknown[] = [];
    const handle: ErrorRequestHandler = (error, _req, res, _next) => {
      handled.push(error);
      res.status(error.status).send("sorry");
    };
    app.use(handle);
    const client = await byAddress(createServer(app));
    manager.store.failWrites();
    for (const path of ["/set", "/update"]) expect((await client.get(path)).status).toBe(503);
    expect(handled).toHaveLength(2);
    expect(printed).toEqual([]);
  });

  it("is given to onError once", async () => {
    const told: unknown[] = [];
    const manager = shop({ onError: (error, { path }) => told.push([error.name, path]) });
    const client = await byExpress(manager);
    manager.store.failWrites();
    for (const path of ["/set", "/update", "/slip"]) await client.get(path);
    // Express prints a turn later.
    await new Promise(setImmediate);
    expect(told).toEqual([
      ["StoreError", "/set"],
      ["StoreError", "/update"],
      ["CodecError", "/slip"],
    ]);
  });

  it("is printed where the answer is sent in the handler's place", async () => {
    const manager = shop();
    const app = express().use(expressSessions(manager.sessions));
    app.get("/", async (req, res) => {
      (await manager.sessions.open(req)).set("name", "Ada");
      res.write("half of it");
    });
    const client = await byAddress(createServer(app));
    manager.store.failWrites();
    expect((await client.get("/")).status).toBe(503);
    expect(printed).toEqual([expect.stringMatching(/^Sojourn: GET \/ was answered with 503/)]);
  });
});

describe("a failure on Hono with an onError of the application", () => {
  it("is printed by nobody else", async () => {
    const manager = shop();
    const app = new Hono().use(honoSessions(manager.sessions));
    app.onError((error, c) => {
      console.error("the application's own line", error.message);
      return c.text("sorry", 503);
    });
    app.get("*", async (c) => {
      await act(manager, c, c.req.path);
      return c.text("done");
    });
    const client = testClient((request) => app.fetch(request));
    manager.store.failWrites();
    for (const path of ["/set", "/update"]) expect((await client.get(path)).status).toBe(503);
    expect(printed).toEqual([
      expect.stringContaining("the application's own line"),
      expect.stringContaining("the application's own line"),
    ]);
  });
});

describe("what is no failure of ours", () => {
  it("is printed by node:http alone, as it was thrown, each time", async () => {
    const manager = shop();
    const withSessions = nodeSessions(manager.sessions);
    const slip = new Error("A slip");
    const server = createServer((req, res) => {
      void withSessions(req, res, () => {
        throw slip;
      });
    });
    const client = await byAddress(server);
    for (let times = 0; times < 2; times += 1) expect((await client.get("/")).status).toBe(500);
    expect(vi.mocked(console.error).mock.calls).toEqual([[slip], [slip]]);
  });

  it("is not printed where a session has ended meanwhile", async () => {
    const manager = shop();
    const client = await byNode(manager);
    await client.get("/set");
    const [{ name = "", value = "" } = {}] = client.cookies();
    const id = (await manager.sessions.read(new Headers({ cookie: `${name}=${value}` })))?.id ?? "";
    await manager.sessions.revoke(id);
    await client.get("/set");
    expect(printed).toEqual([]);
  });
});
