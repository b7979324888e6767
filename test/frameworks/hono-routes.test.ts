import { createServer, type Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { compress } from "hono/compress";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import { stream, streamSSE, streamText } from "hono/streaming";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { HeadersSentError, SessionError } from "../../src/core/errors.ts";
import type { Sessions } from "../../src/core/sessions.ts";
import { sessionMiddleware } from "../../src/frameworks/hono.ts";
import { type TestClient, testClient } from "../../src/testing/index.ts";
import { listen } from "./support/server.ts";
import { closeAll, onClose, type Shop, shop } from "./support/shop.ts";

// Hono prints the error of a stream that broke.
beforeAll(() => void vi.spyOn(console, "error").mockReturnValue());
afterEach(closeAll);

/** A browser of an application that is served by Node, behind a proxy that ends TLS. */
async function clientOf(app: Hono): Promise<TestClient> {
  const { target, close } = await listen(createAdaptorServer({ fetch: app.fetch }) as Server);
  onClose(() => close?.());
  return testClient(target, { origin: "https://shop.example" });
}

describe("Hono", () => {
  it("leads from the context and from each form of its request to one session", async () => {
    const { sessions, store } = shop();
    const app = new Hono();
    app.use(sessionMiddleware(sessions));
    const compare = async (c: Context): Promise<Response> => {
      const session = await sessions.open(c);
      const others = [c.req, c.req.raw, new Request(c.req.raw), c.req.raw.clone()];
      const opened = await Promise.all(others.map((other) => sessions.open(other).catch(() => 0)));
      const told = sessions.alias(c, new Request(c.req.raw));
      opened.push(await sessions.open(told));
      session.set("name", "Ada");
      return c.json(opened.map((other) => other === session));
    };
    app.get("/compare", compare);
    const client = testClient((request) => app.fetch(request));
    // A copy that carries no session proves nothing, unless the application says whose it is.
    const unproven = [true, true, false, false, true];
    expect(await (await client.get("/compare")).json()).toEqual(unproven);
    expect(await (await client.get("/compare")).json()).toEqual([true, true, true, true, true]);
    expect(store.calls).toEqual(["create", "load"]);
  });

  it("gives routed and mounted applications the session of the request", async () => {
    const { sessions, store } = shop();
    const inner = new Hono().get("/name", async (c) => {
      return c.text((await sessions.open(c)).get("name"));
    });
    const mounted = async (request: Request): Promise<Response> => {
      const session = await sessions.open(request);
      session.set("name", `${session.get("name")} Lovelace`);
      return new Response(new URL(request.url).pathname);
    };
    const app = new Hono();
    app.use(sessionMiddleware(sessions));
    app.get("/set", async (c) => {
      (await sessions.open(c)).set("name", "Ada");
      return c.text("set");
    });
    app.route("/routed", inner);
    app.mount("/mounted", mounted);
    const client = testClient((request) => app.fetch(request));
    await client.get("/set");
    expect(await (await client.get("/mounted/page")).text()).toBe("/page");
    expect(await (await client.get("/routed/name")).text()).toBe("Ada Lovelace");
    expect(store.calls).toEqual(["create", "load", "update", "load"]);
  });

  it("is one session in a part that app.mount fetches, which mounts the same again", async () => {
    const { sessions, store } = shop();
    const inner = new Hono().use(sessionMiddleware(sessions)).get("/sign-in", async (c) => {
      await (await sessions.open(c)).signIn("ada");
      return c.text("welcome");
    });
    const app = new Hono().use(sessionMiddleware(sessions)).use(async (c, next) => {
      (await sessions.open(c)).set("name", "Ada");
      await next();
    });
    app.mount("/inner", inner.fetch);
    app.get("/", async (c) => {
      const session = await sessions.open(c);
      return c.text(`${session.userId} ${session.get("name")}`);
    });
    const client = await clientOf(app);
    const { headers } = await client.get("/inner/sign-in");
    expect(headers.getSetCookie()).toEqual([expect.any(String)]);
    expect(store.calls.filter((call) => call === "create")).toHaveLength(1);
    expect(await (await client.get("/")).text()).toBe("ada Ada");
  });

  it("is nobody's where a handler asks its application without the visitor's cookie", async () => {
    const { sessions } = shop();
    const app = new Hono().use(sessionMiddleware(sessions));
    app.get("/user", async (c) => c.text(`${(await sessions.open(c)).userId}`));
    app.get("/sign-in", async (c) => {
      await (await sessions.open(c)).signIn("ada");
      return c.text("welcome");
    });
    app.get("/ask", async (c) => {
      const { userId } = await sessions.open(c);
      return c.text(`${userId} ${await (await app.request("/user", {}, c.env)).text()}`);
    });
    const client = await clientOf(app);
    await client.get("/sign-in");
    expect(await (await client.get("/ask")).text()).toBe("ada undefined");
  });

  it("knows it still while the answer streams", async () => {
    const { sessions } = shop();
    const app = new Hono();
    app.use(sessionMiddleware(sessions));
    app.post("/", bodyLimit({ maxSize: 1_000 }), async (c) => {
      const opened = await sessions.open(c);
      opened.set("name", await c.req.text());
      const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
        const session = await sessions.open(c.req.raw);
        controller.enqueue(new TextEncoder().encode(session.get("name")));
        controller.close();
      };
      // Not asked for anything before the handler is done.
      const body = new ReadableStream({ pull }, { highWaterMark: 0 });
      return c.body(body);
    });
    const client = testClient((request) => app.fetch(request));
    expect(await (await client.post("/", { body: "Ada" })).text()).toBe("Ada");
  });

  it("knows a request that a middleware has wrapped anew", async () => {
    const { sessions } = shop();
    const app = new Hono();
    app.use(sessionMiddleware(sessions));
    app.post("/", bodyLimit({ maxSize: 1_000 }), async (c) => {
      const session = await sessions.open(c.req.raw);
      session.set("name", await c.req.text());
      return c.text(session.get("name"));
    });
    const client = testClient((request) => app.fetch(request));
    expect(await (await client.post("/", { body: "Ada" })).text()).toBe("Ada");
  });

  it("refuses a request that is somebody else's", async () => {
    const { sessions } = shop();
    const app = new Hono();
    app.use(sessionMiddleware(sessions));
    app.get("/", async (c) => {
      const foreign = new Request("https://elsewhere.example", { headers: { cookie: "a=1" } });
      return c.text(
        await sessions.open(foreign).then(
          () => "opened",
          (error: Error) => error.message,
        ),
      );
    });
    const client = testClient((request) => app.fetch(request));
    expect(await (await client.get("/")).text()).toMatch(/^sessions\.open\(request\): .*mount/i);
  });

  it("finds the manager of each request by a function", async () => {
    const managers = new Map<string, Sessions<Shop>>();
    const managerOf = (c: Context<{ Bindings: { TENANT: string } }>): Sessions<Shop> => {
      const known = managers.get(c.env.TENANT) ?? shop().sessions;
      managers.set(c.env.TENANT, known);
      return known;
    };
    const app = new Hono<{ Bindings: { TENANT: string } }>();
    app.use(sessionMiddleware(managerOf));
    app.get("/", async (c) => {
      const session = await managerOf(c).open(c);
      return c.text(String(await session.update("visits", (n) => n + 1)));
    });
    const client = (tenant: string) =>
      testClient((request) => app.fetch(request, { TENANT: tenant }));
    const [ada, bob] = [client("a"), client("b")];
    await ada.get("/");
    expect(await (await ada.get("/")).text()).toBe("2");
    expect(await (await bob.get("/")).text()).toBe("1");
    expect(managers.size).toBe(2);
  });

  it("hands a failure to app.onError, with its status, and adds nothing of the page", async () => {
    const { sessions, store } = shop();
    const heard: unknown[] = [];
    const app = new Hono();
    app.use(sessionMiddleware(sessions));
    app.onError((error, c) => {
      heard.push(error);
      const status = error instanceof SessionError ? error.status : 500;
      return c.html("<h1>Sorry</h1>", status as 500, { "X-Own": "error page" });
    });
    app.get("/", async (c) => {
      (await sessions.open(c)).set("name", "Ada");
      c.header("Cache-Control", "public, max-age=3600");
      c.header("X-Trace", "7");
      return c.json({ kept: true });
    });
    store.failWrites();
    const response = await testClient((request) => app.fetch(request)).get("/");
    expect([response.status, await response.text()]).toEqual([503, "<h1>Sorry</h1>"]);
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    expect(response.headers.get("cache-control")).toBeNull();
    expect(response.headers.get("x-own")).toBe("error page");
    expect(response.headers.get("x-trace")).toBe("7");
    expect(heard).toHaveLength(1);
  });

  it("is one session to who opens it after a part that mounts the same again", async () => {
    const { sessions } = shop();
    const app = new Hono().use(sessionMiddleware(sessions)).use(async (c, next) => {
      await next();
      await (await sessions.open(c)).signIn("ada");
    });
    app.route(
      "/inner",
      new Hono().use(sessionMiddleware(sessions)).get("/", (c) => c.text("in")),
    );
    app.get("/user", async (c) => c.text(String((await sessions.open(c)).userId)));
    const client = testClient((request) => app.fetch(request));
    const response = await client.get("/inner");
    expect([response.status, response.headers.getSetCookie()]).toEqual([200, [expect.any(String)]]);
    expect(await (await client.get("/user")).text()).toBe("ada");
  });

  it("keeps the changes of a handler that answers by a thrown 4xx", async () => {
    const { sessions } = shop();
    const app = new Hono();
    app.use(sessionMiddleware(sessions));
    app.get("/", async (c) => {
      (await sessions.open(c)).set("name", "Ada");
      throw new HTTPException(403, { message: "Not here" });
    });
    app.get("/name", async (c) => c.text((await sessions.open(c)).get("name")));
    const client = testClient((request) => app.fetch(request));
    expect((await client.get("/")).status).toBe(403);
    expect(await (await client.get("/name")).text()).toBe("Ada");
  });

  it.each<[string, (app: Hono) => Promise<TestClient>]>([
    ["on Node", clientOf],
    ["by app.fetch", async (app) => testClient((request) => app.fetch(request))],
  ])(
    "stores what a handler has changed that gives up as its visitor leaves, %s",
    async (_, open) => {
      const { sessions } = shop();
      const entered = Promise.withResolvers<void>();
      const over = Promise.withResolvers<void>();
      const app = new Hono();
      app.use("/slow", (_c, next) => next().finally(over.resolve));
      app.use(sessionMiddleware(sessions));
      app.get("/slow", async (c) => {
        (await sessions.open(c)).set("name", "Ada");
        const { signal } = c.req.raw;
        const left = new Promise<never>((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        });
        entered.resolve();
        return left;
      });
      app.get("/visit", async (c) => {
        return c.text(String(await (await sessions.open(c)).update("visits", (n) => n + 1)));
      });
      app.get("/name", async (c) => c.text((await sessions.open(c)).get("name")));
      const client = await open(app);
      await client.get("/visit");
      const leaving = new AbortController();
      const left = client.get("/slow", { signal: leaving.signal }).catch(() => undefined);
      await entered.promise;
      leaving.abort();
      await Promise.all([left, over.promise.catch(() => undefined)]);
      expect(await (await client.get("/name")).text()).toBe("Ada");
    },
  );

  it("stores nothing beside Response.error(), which goes on as it is", async () => {
    const { sessions, store } = shop();
    const passed: Response[] = [];
    const app = new Hono();
    app.use(async (c, next) => {
      await next();
      passed.push(c.res);
    });
    app.use(sessionMiddleware(sessions));
    const broken = Response.error();
    let change = (): void => undefined;
    app.get("/", async (c) => {
      const session = await sessions.open(c);
      change = () => session.set("name", "Grace");
      session.set("name", "Ada");
      return broken;
    });
    const response = await (await clientOf(app)).get("/");
    expect([response.status, response.headers.getSetCookie()]).toEqual([500, []]);
    expect(passed[0]).toBe(broken);
    expect(store.calls).toEqual([]);
    expect(change).toThrow(HeadersSentError);
  });

  it("adds the cookie to responses that cannot be changed", async () => {
    const { sessions } = shop();
    const upstream = createServer((_req, res) => {
      res.setHeader("Set-Cookie", ["up=1", "stream=2"]);
      res.end("from upstream");
    });
    const { target, close } = await listen(upstream);
    onClose(() => close?.());
    const app = new Hono();
    app.use(sessionMiddleware(sessions));
    app.get("/fetched", async (c) => {
      (await sessions.open(c)).set("name", "Ada");
      return fetch(target);
    });
    app.get("/redirected", async (c) => {
      (await sessions.open(c)).set("name", "Grace");
      return Response.redirect("https://localhost/name");
    });
    app.get("/name", async (c) => c.text((await sessions.open(c)).get("name")));
    const client = testClient((request) => app.fetch(request));
    const fetched = await client.get("/fetched");
    expect(await fetched.text()).toBe("from upstream");
    const names = fetched.headers.getSetCookie().map((line) => line.split("=", 1)[0]);
    expect(names.sort()).toEqual(["__Host-Http-session", "stream", "up"]);
    expect(await (await client.get("/redirected")).text()).toBe("Grace");
  });

  it.each<[string, (c: Context, change: () => void) => Response]>([
    [
      "stream",
      (c, change) =>
        stream(c, async (out) => {
          await out.write("one ");
          change();
          await out.write("two");
        }),
    ],
    [
      "streamText",
      (c, change) =>
        streamText(c, async (out) => {
          await out.write("one ");
          change();
          await out.write("two");
        }),
    ],
    [
      "streamSSE",
      (c, change) =>
        streamSSE(c, async (out) => {
          await out.writeSSE({ data: "one" });
          change();
          await out.writeSSE({ data: "two" });
        }),
    ],
  ])("stores what changes during %s before its end, or cuts it", async (_, helper) => {
    const { sessions, store } = shop();
    const app = new Hono();
    app.use(sessionMiddleware(sessions));
    app.get("/visit", async (c) => {
      return c.text(String(await (await sessions.open(c)).update("visits", (n) => n + 1)));
    });
    app.get("/name", async (c) => c.text((await sessions.open(c)).get("name")));
    app.get("/kept", async (c) => {
      const session = await sessions.open(c);
      return helper(c, () => session.set("name", "Ada"));
    });
    app.get("/lost", async (c) => {
      const session = await sessions.open(c);
      return helper(c, () => {
        session.set("name", "Grace");
        store.failWrites();
      });
    });
    const { target, close } = await listen(createAdaptorServer({ fetch: app.fetch }) as Server);
    onClose(() => close?.());
    const client = testClient(target, { origin: "https://shop.example" });
    await client.get("/visit");
    expect(await (await client.get("/kept")).text()).toMatch(/one[\s\S]*two/);
    expect(await (await client.get("/name")).text()).toBe("Ada");
    await expect(client.get("/lost").then((response) => response.text())).rejects.toThrow();
    store.hinder(undefined);
    expect(await (await client.get("/name")).text()).toBe("Ada");
  });

  it("adds nothing to a response that the application keeps for the next visitor", async () => {
    const { sessions } = shop();
    let kept: Response | undefined;
    const app = new Hono();
    app.use(sessionMiddleware(sessions));
    app.get("/", async (c) => {
      (await sessions.open(c)).set("name", "Ada");
      kept ??= c.json({ same: "to all" });
      return kept;
    });
    const { target, close } = await listen(createAdaptorServer({ fetch: app.fetch }) as Server);
    onClose(() => close?.());
    const visit = async (): Promise<Response> =>
      testClient(target, { origin: "https://shop.example" }).get("/");
    const responses = [await visit(), await visit()];
    const cookies = responses.map(({ headers }) => headers.getSetCookie());
    expect(cookies.map((lines) => lines.length)).toEqual([1, 1]);
    expect(cookies[0]).not.toEqual(cookies[1]);
    for (const response of responses) expect(await response.json()).toEqual({ same: "to all" });
    expect(kept?.headers.getSetCookie()).toEqual([]);
  });

  it.each<[string, (c: Context) => Response, string, string]>([
    ["a text", (c) => c.text("Grüße"), "Grüße", "7"],
    ["JSON", (c) => c.json({ a: 1 }), '{"a":1}', "7"],
    ["bytes", (c) => c.body(new Uint8Array([104, 105])), "hi", "2"],
    ["a response made by hand", () => new Response("hand"), "hand", "4"],
    ["a Blob", () => new Response(new Blob(["blob"])), "blob", "4"],
  ])("sends %s whole, with its length", async (_, answer, body, length) => {
    const { sessions } = shop();
    const app = new Hono();
    app.use(sessionMiddleware(sessions));
    app.get("/", async (c) => {
      (await sessions.open(c)).set("name", "Ada");
      return answer(c);
    });
    const { target, close } = await listen(createAdaptorServer({ fetch: app.fetch }) as Server);
    onClose(() => close?.());
    const response = await testClient(target, { origin: "https://shop.example" }).get("/");
    expect(response.headers.get("content-length")).toBe(length);
    expect(await response.text()).toBe(body);
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  it("works under compression and etag", async () => {
    const { sessions } = shop();
    const app = new Hono();
    app.use(compress(), etag());
    app.use(sessionMiddleware(sessions));
    app.get("/", async (c) => {
      (await sessions.open(c)).set("name", "Ada");
      return c.text("hello ".repeat(1_000));
    });
    const { target, close } = await listen(createAdaptorServer({ fetch: app.fetch }) as Server);
    onClose(() => close?.());
    const client = testClient(target, { origin: "https://shop.example" });
    const response = await client.get("/");
    expect((await response.text()).length).toBe(6_000);
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(response.headers.get("etag")).not.toBeNull();
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  it("answers a path that nobody handles", async () => {
    const { sessions } = shop();
    const app = new Hono();
    app.use(sessionMiddleware(sessions));
    app.use(async (c, next) => {
      (await sessions.open(c)).flash("notice", "lost");
      await next();
    });
    const response = await testClient((request) => app.fetch(request)).get("/nowhere");
    expect(response.status).toBe(404);
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });
});
