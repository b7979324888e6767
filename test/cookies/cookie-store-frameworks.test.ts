import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import express from "express";
import { Hono } from "hono";
import { afterEach, describe, expect, it } from "vitest";
import { sessionMiddleware as expressMiddleware } from "../../src/frameworks/express.ts";
import { sessionMiddleware as honoMiddleware } from "../../src/frameworks/hono.ts";
import { sessionMiddleware as nodeMiddleware } from "../../src/frameworks/node.ts";
import { HeadersSentError, type Session, type Untyped } from "../../src/index.ts";
import { issue, type TestClient, testClient } from "../../src/testing/index.ts";
import { listen } from "../frameworks/support/server.ts";
import { CookieWorld } from "./support/cookie-world.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const ORIGIN = "https://shop.example";
const world = (): CookieWorld => new CookieWorld({ trustProxy: "all", cookies: { chunks: 2 } });

/** What each application does at each path. */
async function act(session: Session<Untyped>, path: string): Promise<unknown> {
  if (path === "/in") await session.signIn("ada");
  if (path === "/out") await session.signOut();
  if (path === "/count") await session.update("n", (n = 0) => n + 1);
  if (path === "/set") session.set("theme", "dark");
  if (path === "/large") session.set("large", "x".repeat(20_000));
  return [session.userId ?? null, session.get("n") ?? null, session.get("theme") ?? null];
}

type Serve = (app: CookieWorld) => Promise<TestClient>;

const byNode: Serve = async ({ sessions }) => {
  const middleware = nodeMiddleware(sessions);
  const server = createServer((req, res) => {
    void middleware(req, res, () => {
      const respond = async (): Promise<void> => {
        const result = await act(await sessions.open(req), req.url ?? "/");
        res.end(JSON.stringify(result));
      };
      respond().catch((error: { status?: number }) => {
        res.statusCode = error.status ?? 500;
        res.end();
      });
    });
  });
  return clientOf(await listen(server));
};

const byExpress: Serve = async ({ sessions }) => {
  const app = express();
  app.use(expressMiddleware(sessions));
  app.use(async (req, res) => void res.json(await act(await sessions.open(req), req.path)));
  return clientOf(await listen(createServer(app)));
};

const byHono: Serve = async ({ sessions }) => {
  const app = new Hono();
  app.use(honoMiddleware(sessions));
  app.all("*", async (c) => c.json((await act(await sessions.open(c), c.req.path)) as null));
  return testClient((request: Request) => app.fetch(request), { origin: ORIGIN });
};

const byHandle: Serve = async ({ sessions }) => {
  const handler = async (request: Request): Promise<Response> =>
    Response.json(await act(await sessions.open(request), new URL(request.url).pathname));
  return testClient((request: Request) => sessions.handle(request, handler), { origin: ORIGIN });
};

function clientOf({ target, close }: Awaited<ReturnType<typeof listen>>): TestClient {
  closing.push(async () => void (await close?.()));
  return testClient(target, { origin: ORIGIN });
}

describe.each([
  ["Node", byNode],
  ["Express", byExpress],
  ["Hono", byHono],
  ["a web handler", byHandle],
])("sessions in cookies behind %s", (_name, serve) => {
  it("live from request to request, and end", async () => {
    const app = world();
    const client = await serve(app);
    const get = async (path: string): Promise<unknown> => (await client.get(path)).json();
    expect(await get("/")).toEqual([null, null, null]);
    expect(client.cookies()).toEqual([]);
    await get("/set");
    await get("/in");
    await get("/count");
    expect(await get("/count")).toEqual(["ada", 2, "dark"]);
    app.clock.move(10 * 60_000);
    expect(await get("/")).toEqual(["ada", 2, "dark"]);
    expect(client.cookies().map(({ name }) => name)).toEqual([
      "__Host-Http-session",
      "__Host-Http-session-seen",
    ]);
    expect(await get("/out")).toEqual([null, null, null]);
    expect([client.cookies(), client.refused()]).toEqual([[], []]);
  });

  it("answer 500 where one is too large, and keep what was", async () => {
    const client = await serve(world());
    await client.get("/in");
    expect((await client.get("/large")).status).toBe(500);
    expect(await (await client.get("/")).json()).toEqual(["ada", null, null]);
  });

  it("take an issued cookie", async () => {
    const app = world();
    const client = await serve(app);
    client.use(await issue(app.sessions, { userId: "ada", data: { n: 7 } }));
    expect(await (await client.get("/")).json()).toEqual(["ada", 7, null]);
  });
});

describe("after the first byte", () => {
  type Late = (session: Session<Untyped>) => unknown;

  /** Begins the answer, and then does something late. */
  async function late(attempt: Late, before: Late = () => undefined) {
    const app = world();
    const { sessions } = app;
    const middleware = nodeMiddleware(sessions);
    const outcome: { error?: unknown; value?: unknown } = {};
    const respond = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
      const session = await sessions.open(req);
      if (req.url === "/first") {
        session.set("n", 1);
        session.set("list", [1]);
        session.flash("notice", "Hello.");
        res.end();
        return;
      }
      if (req.url === "/read") {
        res.end(JSON.stringify([session.get("n"), session.get("list"), session.take("notice")]));
        return;
      }
      before(session);
      res.write("begun");
      await new Promise((resolve) => setImmediate(resolve));
      try {
        outcome.value = await attempt(session);
      } catch (error) {
        outcome.error = error;
      }
      res.end();
    };
    const server = createServer((req, res) => {
      void middleware(req, res, () => void respond(req, res));
    });
    const client = clientOf(await listen(server));
    await client.get("/first");
    const sent = await client.get("/late").then(
      (response) => response.text().catch(() => "cut"),
      () => "cut",
    );
    return { outcome, sent, read: await (await client.get("/read")).json() };
  }

  it.each<[string, Late]>([
    ["set", (session) => session.set("n", 2)],
    ["delete", (session) => session.delete("n")],
    ["clear", (session) => session.clear()],
    ["flash", (session) => session.flash("notice", "Late.")],
    ["update", (session) => session.update("n", (n) => n + 1)],
    ["consume", (session) => session.consume("n")],
    ["signIn", (session) => session.signIn("ada")],
    ["signOut", (session) => session.signOut()],
    ["regenerate", (session) => session.regenerate()],
    ["destroy", (session) => session.destroy()],
    [
      "save",
      (session) => {
        session.get("list").push(2);
        return session.save().finally(() => session.get("list").pop());
      },
    ],
  ])("%s throws, as no cookie could be sent", async (_name, attempt) => {
    const { outcome, sent, read } = await late(attempt);
    expect(outcome.error).toBeInstanceOf(HeadersSentError);
    expect([sent, read]).toEqual(["begun", [1, [1], "Hello."]]);
  });

  it("a value changed in place cuts the answer short", async () => {
    const { sent, read } = await late((session) => void session.get("list").push(2));
    expect([sent, read]).toEqual(["cut", [1, [1], "Hello."]]);
  });

  it("a message is shown, and again by the next request", async () => {
    const { outcome, sent, read } = await late((session) => session.take("notice"));
    expect([outcome.value, sent]).toEqual(["Hello.", "begun"]);
    expect(read).toEqual([1, [1], "Hello."]);
  });

  it("what was changed before is in the answer's cookie", async () => {
    const { read } = await late(
      () => undefined,
      (session) => session.set("n", 2),
    );
    expect(read).toEqual([2, [1], "Hello."]);
  });
});
