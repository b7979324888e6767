import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import {
  defineHandler,
  fromNodeHandler,
  H3,
  type H3Config,
  type H3Event,
  HTTPError,
  HTTPResponse,
  serve as listen,
  onError,
  redirect,
  toResponse,
  withBase,
} from "h3";
import {
  afterEach,
  beforeEach,
  describe,
  expect,
  expectTypeOf,
  it,
  type Mock,
  onTestFinished,
  vi,
} from "vitest";
import { HeadersSentError } from "../../src/core/errors.ts";
import type { Session } from "../../src/core/session.ts";
import { sessionMiddleware } from "../../src/frameworks/h3.ts";
import { sessionMiddleware as nodeSessions } from "../../src/frameworks/node.ts";
import { testClient } from "../../src/testing/index.ts";
import { closeAll, onClose, type Shop, shop } from "./support/shop.ts";

let printed: Mock;
beforeEach(() => {
  printed = vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  printed.mockRestore();
  return closeAll();
});

type Made = ReturnType<typeof shop>;
type Routes = Readonly<Record<string, (event: H3Event) => unknown>>;

/** An application with a page that tells the visitor's name beside those that are given. */
function application({ sessions }: Made, routes: Routes, config = {}): H3 {
  const app = new H3(config).use(sessionMiddleware(sessions));
  app.get("/name", async (event) => `name ${(await sessions.open(event)).get("name")}`);
  app.get("/user", async (event) => `user ${(await sessions.open(event)).userId}`);
  for (const [path, handle] of Object.entries(routes)) app.all(path, handle);
  return app;
}

const clientOf = (app: H3) => testClient((request) => app.fetch(request));

/** The origin of an application that is served by Node. */
async function served(app: H3): Promise<string> {
  const server = listen(app, { port: 0, hostname: "127.0.0.1", silent: true });
  onClose(() => server.close(true));
  await server.ready();
  return new URL(server.url ?? "").origin;
}

const nodeClientOf = async (app: H3) =>
  testClient(await served(app), { origin: "https://shop.example" });

/** srvx makes the type of a text up when the response is sent. */
const typeOf = ({ headers }: Response): string =>
  headers.get("content-type")?.toLowerCase() ?? "text/plain;charset=utf-8";

/** As Nitro makes its pages: a response of srvx's own class, whose length is known. */
function pageLikeNitro({ status }: HTTPError, event: H3Event): Response | Promise<Response> {
  return toResponse(new HTTPResponse(`page for ${status}`, { status }), event);
}

const ownPage = ({ status }: HTTPError): Response => new Response(`own ${status}`, { status });

describe("h3", () => {
  it("refuses changes once a plain answer is out", async () => {
    const made = shop();
    let change = (): void => undefined;
    const app = application(made, {
      "/plain": async (event) => {
        const session = await made.sessions.open(event);
        change = () => session.set("name", "Ada");
        await session.update("visits", (n) => n + 1);
        return { a: 1 };
      },
    });
    expect(await (await clientOf(app).get("/plain")).json()).toEqual({ a: 1 });
    expect(change).toThrow(HeadersSentError);
  });

  it.each([
    ["text", () => "text", "text"],
    ["an object", () => ({ a: 1 }), '{"a":1}'],
    ["a list", () => [1], "[1]"],
    ["nothing", () => undefined, ""],
    ["null", () => null, ""],
    ["a number", () => 7, "7"],
    ["bytes", () => new TextEncoder().encode("bytes"), "bytes"],
    ["a Blob", () => new Blob(["blob"]), "blob"],
    ["a stream", () => ReadableStream.from([new TextEncoder().encode("stream")]), "stream"],
    ["a Response", () => Response.json({ a: 1 }), '{"a":1}'],
    ["an HTTPResponse", () => new HTTPResponse("made", { status: 201 }), "made"],
  ])("sends the cookie with %s, answered as h3 does", async (_, make, body) => {
    const made = shop();
    const app = application(made, {
      "/make": async (event) => {
        (await made.sessions.open(event)).set("name", "Ada");
        event.res.headers.set("x-own", "1");
        return make();
      },
    });
    const client = clientOf(app);
    const response = await client.get("/make");
    const plain = await new H3().get("/make", make).request("/make");
    expect([response.status, await response.text()]).toEqual([plain.status, body]);
    expect(typeOf(response)).toBe(typeOf(plain));
    expect(response.headers.get("x-own")).toBe("1");
    expect(response.headers.get("vary")).toBe("Cookie");
    expect(await (await client.get("/name")).text()).toBe("name Ada");
  });

  it("leads to nobody where Nitro shows another request, though no header is missing", async () => {
    const made = shop();
    const app = application(made, {
      // As Nitro does around a handler whose answer it keeps for everybody.
      "/kept": async (event) => {
        const came = event.req;
        Object.assign(event, { req: new Request(came.url, { headers: came.headers }) });
        return `of ${(await made.sessions.open(event)).id}`;
      },
    });
    for (const headers of [{}, { host: "shop.example" }]) {
      const response = await app.request("https://shop.example/kept", { headers });
      expect(response.status).toBe(500);
      expect(response.headers.getSetCookie()).toEqual([]);
    }
  });

  it("sends no body by HEAD, and the cookie", async () => {
    const made = shop();
    const app = application(made, {
      "/make": async (event) => {
        (await made.sessions.open(event)).set("name", "Ada");
        return { a: 1 };
      },
    });
    const response = await app.request("https://shop.example/make", { method: "HEAD" });
    expect(await response.text()).toBe("");
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  it("keeps what was set where the handler redirects", async () => {
    const made = shop();
    const client = clientOf(
      application(made, {
        "/in": async (event) => {
          await (await made.sessions.open(event)).signIn("ada");
          return redirect("/user", 303);
        },
        "/thrown": async (event) => {
          (await made.sessions.open(event)).set("name", "Ada");
          throw new HTTPError({ status: 302, headers: { location: "/name" } });
        },
      }),
    );
    const response = await client.get("/in", { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/user"]);
    expect(await (await client.get("/user")).text()).toBe("user ada");
    expect((await client.get("/thrown", { redirect: "manual" })).status).toBe(302);
    expect(await (await client.get("/name")).text()).toBe("name Ada");
  });

  it.each([
    ["thrown", (status: number) => Promise.reject(HTTPError.status(status, "Own"))],
    ["returned", async (status: number) => HTTPError.status(status, "Own")],
  ])("keeps h3's own answer to an error that is %s, with the cookie", async (_, fail) => {
    const made = shop();
    const client = clientOf(
      application(made, {
        "/422": async (event) => {
          const session = await made.sessions.open(event);
          await session.signIn("ada");
          session.set("name", "Ada");
          return fail(422);
        },
        "/500": async (event) => {
          const session = await made.sessions.open(event);
          await session.signIn("grace");
          session.set("name", "Grace");
          return fail(500);
        },
      }),
    );
    const refused = await client.get("/422");
    expect([refused.status, await refused.json()]).toEqual([
      422,
      { status: 422, statusText: "Own", message: "Own" },
    ]);
    expect(await (await client.get("/user")).text()).toBe("user ada");
    expect(await (await client.get("/name")).text()).toBe("name Ada");
    expect((await client.get("/500")).status).toBe(500);
    // The sign-in is done; what was only gathered is not kept beside a 5xx.
    expect(await (await client.get("/user")).text()).toBe("user grace");
    expect(await (await client.get("/name")).text()).not.toBe("name Grace");
    expect(printed).not.toHaveBeenCalled();
  });

  it("keeps the application's own error pages, and the page of what is not found", async () => {
    const made = shop();
    const onError = (error: HTTPError): Response =>
      new Response(`own ${error.status}`, { status: error.status, headers: { "x-own": "1" } });
    const onResponse = vi.fn();
    const app = application(
      made,
      {
        "/fail": async (event) => {
          await (await made.sessions.open(event)).signIn("ada");
          throw HTTPError.status(422);
        },
      },
      { onError, onResponse },
    );
    app.use(async (event, next) => {
      if (event.url.pathname === "/missing") (await made.sessions.open(event)).set("name", "Ada");
      return next();
    });
    const client = clientOf(app);
    const response = await client.get("/fail");
    expect([response.status, await response.text()]).toEqual([422, "own 422"]);
    expect(onResponse).toHaveBeenCalledTimes(1);
    expect(await (await client.get("/user")).text()).toBe("user ada");
    const missing = await client.get("/missing");
    expect([missing.status, await missing.text()]).toEqual([404, "own 404"]);
    expect(await (await client.get("/name")).text()).toBe("name Ada");
  });

  it("keeps the status of a refusal where error pages know h3's own errors alone", async () => {
    const made = shop();
    // As Nitro answers.
    const onError = ({ unhandled, status }: HTTPError): Response =>
      new Response(null, { status: unhandled ? 500 : status });
    const open = (event: H3Event): Promise<object> => made.sessions.open(event);
    const app = application(made, { "/open": open }, { onError });
    const headers = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
    const response = await clientOf(app).post("/open", { headers });
    expect([response.status, made.store.calls]).toEqual([403, []]);
  });

  it("leaves an error to middlewares that catch it further in, and untouched ones to all", async () => {
    const made = shop();
    const outer = vi.fn();
    const app = new H3()
      .use(onError(outer))
      .use(sessionMiddleware(made.sessions))
      .use(
        "/caught",
        onError(() => "caught"),
      )
      .get("/caught", async (event) => {
        (await made.sessions.open(event)).set("name", "Ada");
        throw HTTPError.status(422);
      })
      .get("/untouched", () => {
        throw HTTPError.status(422);
      });
    const response = await app.request("https://shop.example/caught");
    expect([response.status, await response.text()]).toEqual([200, "caught"]);
    expect(response.headers.getSetCookie()).toHaveLength(1);
    expect((await app.request("/untouched")).status).toBe(422);
    expect(outer).toHaveBeenCalledTimes(1);
  });

  it("answers an outage with 503, printed once with its cause", async () => {
    const made = shop();
    const app = application(made, {
      "/set": async (event) => {
        (await made.sessions.open(event)).set("name", event.url.search);
        return "set";
      },
    });
    const client = clientOf(app);
    await client.get("/set?1");
    made.store.fail();
    const response = await client.get("/name");
    expect([response.status, response.headers.getSetCookie()]).toEqual([503, []]);
    expect(await response.text()).not.toMatch(/name|cause|stack/);
    expect(printed).toHaveBeenCalledTimes(1);
    expect(printed.mock.calls[0]?.[0]).toHaveProperty("cause.cause");
    made.store.hinder(undefined);
    made.store.failWrites();
    printed.mockClear();
    expect((await client.get("/set?2")).status).toBe(503);
    expect(printed).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["on Node", nodeClientOf],
    ["by app.fetch", async (app: H3) => clientOf(app)],
  ])(
    "stores what a handler has changed that gives up as its visitor leaves, %s",
    async (_, open) => {
      const made = shop();
      const entered = Promise.withResolvers<void>();
      const over = Promise.withResolvers<void>();
      const app = new H3().use("/slow", async (_event, next) => {
        try {
          return await next();
        } finally {
          over.resolve();
        }
      });
      const routes = application(made, {
        "/visit": async (event) => (await made.sessions.open(event)).update("visits", (n) => n + 1),
        "/slow": async (event) => {
          (await made.sessions.open(event)).set("name", "Ada");
          const { signal } = event.req;
          const left = new Promise<never>((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
          });
          entered.resolve();
          return left;
        },
      });
      const client = await open(app.mount("", routes));
      await client.get("/visit");
      const leaving = new AbortController();
      const left = client.get("/slow", { signal: leaving.signal }).catch(() => undefined);
      await entered.promise;
      leaving.abort();
      await Promise.all([left, over.promise]);
      expect(await (await client.get("/name")).text()).toBe("name Ada");
    },
  );

  it("shares a session with the requests that the application makes of itself", async () => {
    const made = shop();
    const { sessions } = made;
    const app = application(made, {
      "/visit": async (event) => {
        const session = await sessions.open(event);
        return `${await session.update("visits", (n) => n + 1)}`;
      },
      "/nobody": async (event) => {
        const session = await sessions.open(event);
        const response = await app.request("/visit");
        return [await response.text(), session.get("visits")].join();
      },
    });
    app.all("/outer2", async (event) => {
      const headers = new Headers(event.req.headers);
      const inner = await app.request("https://shop.example/visit", { headers });
      expect(inner.headers.getSetCookie()).toEqual([]);
      return [await inner.text(), (await sessions.open(event)).get("visits")].join();
    });
    const client = clientOf(app);
    expect(await (await client.get("/outer2")).text()).toBe("1,1");
    expect(await (await client.get("/outer2")).text()).toBe("2,2");
    // One that is made without the visitor's cookies is nobody's.
    expect(await (await client.get("/nobody")).text()).toBe("1,2");
    expect(await (await client.get("/visit")).text()).toBe("3");
    // Nor is it of a visitor who has cookies, but no session yet.
    const headers = { cookie: "theme=dark" };
    expect(await (await clientOf(app).get("/nobody", { headers })).text()).toBe("1,0");
  });

  it("is one session in mounted applications, mounted twice or not", async () => {
    const made = shop();
    const { sessions } = made;
    const visit = async (event: H3Event): Promise<string> => {
      const session = await sessions.open(event);
      return `${await session.update("visits", (n) => n + 1)} ${event.url.pathname}`;
    };
    const nested = new H3().use(sessionMiddleware(sessions)).get("/visit", visit);
    const app = application(made, {});
    app.mount("/nested", nested);
    app.mount("/fetched", (request: Request) => nested.fetch(request));
    app.all("/based/**", withBase("/based", new H3().get("/visit", visit).handler));
    const client = clientOf(app);
    expect(await (await client.get("/nested/visit")).text()).toBe("1 /nested/visit");
    expect(await (await client.get("/fetched/visit")).text()).toBe("2 /visit");
    expect(await (await client.get("/based/visit")).text()).toMatch(/^3 /);
  });

  it("is one session to who opens it after a part that mounts the same again", async () => {
    const { sessions } = shop();
    const app = new H3().use(sessionMiddleware(sessions)).use(async (event, next) => {
      const made = await next();
      await (await sessions.open(event)).signIn("ada");
      return made;
    });
    app.use(sessionMiddleware(sessions)).get("/inner", () => "in");
    app.get("/user", async (event) => String((await sessions.open(event)).userId));
    const client = clientOf(app);
    const response = await client.get("/inner");
    expect([response.status, response.headers.getSetCookie()]).toEqual([200, [expect.any(String)]]);
    expect(await (await client.get("/user")).text()).toBe("ada");
  });

  it.each(["/name", "/set"])(
    "answers an outage with 503 where the application's page for everything is a 500: %s",
    async (path) => {
      const made = shop();
      const page = (): Response => new Response("Sorry", { status: 500 });
      const set = async (event: H3Event): Promise<string> => {
        (await made.sessions.open(event)).set("name", crypto.randomUUID());
        return "set";
      };
      const client = clientOf(application(made, { "/set": set }, { onError: page }));
      await client.get("/set");
      made.store.hinder(async (method) => {
        if (method !== "load" || path === "/name") throw new Error("cut");
      });
      const response = await client.get(path);
      expect([response.status, await response.text()]).toEqual([503, "Sorry"]);
    },
  );

  it("shows nobody the cookie of another visitor whom the same page was answered to", async () => {
    const made = shop();
    const page = new Response(null, { status: 503 });
    const signIn = async (event: H3Event): Promise<string> => {
      const session = await made.sessions.open(event);
      await session.signIn("ada");
      session.set("name", "Ada");
      made.store.failWrites();
      return "in";
    };
    const fail = (): never => {
      throw HTTPError.status(503);
    };
    const app = application(made, { "/in": signIn, "/fail": fail }, { onError: () => page });
    const client = clientOf(app);
    expect((await client.post("/in")).headers.getSetCookie()).toHaveLength(1);
    client.clear();
    expect((await client.get("/fail")).headers.getSetCookie()).toEqual([]);
  });

  it("offers the open session in event.context, typed by the application", async () => {
    const { sessions, store } = shop();
    const app = new H3().use(sessionMiddleware(sessions, { accessor: true }));
    app.get(
      "/",
      defineHandler((event) => {
        const { session } = event.context as { session: Session<Shop> };
        expectTypeOf(session.get("visits")).toEqualTypeOf<number>();
        return `name ${session.get("name")}`;
      }),
    );
    const client = clientOf(app);
    expect(await (await client.get("/")).text()).toBe("name ");
    expect(store.calls).toEqual([]);
  });

  it("takes the address from the socket, and cuts what is not stored at its end", async () => {
    const made = shop({ trustProxy: ["loopback"] });
    const { sessions, store } = made;
    const app = application(made, {
      "/set": async (event) => {
        (await sessions.open(event)).set("name", "Ada");
        return "set";
      },
      "/stream": async (event) => {
        const session = await sessions.open(event);
        const pieces = async function* (): AsyncGenerator<Uint8Array> {
          yield new TextEncoder().encode("begin ");
          session.set("name", "Grace");
          store.failWrites();
          yield new TextEncoder().encode("end");
        };
        return ReadableStream.from(pieces());
      },
    });
    const server = listen(app, { port: 0, hostname: "127.0.0.1", silent: true });
    onClose(() => server.close(true));
    await server.ready();
    const headers = { "x-forwarded-proto": "https" };
    const response = await fetch(`${server.url}set`, { headers });
    const [cookie = ""] = response.headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-/);
    const sent = { ...headers, cookie: cookie.split(";", 1)[0] ?? "" };
    expect(await (await fetch(`${server.url}name`, { headers: sent })).text()).toBe("name Ada");
    const broken = fetch(`${server.url}stream`, { headers: sent });
    await expect(broken.then((begun) => begun.text())).rejects.toThrow(TypeError);
    store.hinder(undefined);
    expect(await (await fetch(`${server.url}name`, { headers: sent })).text()).toBe("name Ada");
  });

  it.each<[string, () => unknown, H3Config?]>([
    ["a redirect", () => redirect("/name", 303)],
    ["an HTTPResponse of bytes", () => new HTTPResponse(new Uint8Array(9))],
    ["an HTTPResponse of nothing", () => new HTTPResponse(null, { status: 204 })],
    ["an error that is thrown", () => Promise.reject(HTTPError.status(422))],
    ["an error that is returned", () => HTTPError.status(422)],
    ["another error", () => Promise.reject(new Error("broken")), { silent: true }],
    ["what is not found", () => Symbol.for("h3.notFound")],
    ["a value that has no JSON", () => [7n], { silent: true }],
    ["a page of the application", () => HTTPError.status(422), { onError: pageLikeNitro }],
  ])("sends %s in one piece, as h3 does", async (_, make, config) => {
    const made = shop();
    const routes = {
      "/opened": async (event: H3Event) => {
        (await made.sessions.open(event)).set("name", "Ada");
        return make();
      },
    };
    const opened = await nodeClientOf(application(made, routes, config)).then((client) =>
      client.get("/opened", { redirect: "manual" }),
    );
    const plain = await nodeClientOf(new H3(config).all("/opened", make)).then((client) =>
      client.get("/opened", { redirect: "manual" }),
    );
    expect(opened.headers.getSetCookie()).toHaveLength(opened.status < 500 ? 1 : 0);
    const framing = ({ status, headers }: Response): unknown[] => [
      status,
      headers.get("content-length"),
      headers.get("transfer-encoding"),
    ];
    expect(framing(opened)).toEqual(framing(plain));
  });

  it.each<[string, H3Config?]>([
    ["h3's own", {}],
    ["the application's", { onError: pageLikeNitro }],
  ])("sends %s page for a failed save in one piece", async (_, config) => {
    const made = shop();
    const routes = {
      "/set": async (event: H3Event) => {
        (await made.sessions.open(event)).set("name", "Ada");
        made.store.failWrites();
        return "set";
      },
    };
    const response = await (await nodeClientOf(application(made, routes, config))).get("/set");
    const length = Buffer.byteLength(await response.text());
    expect([response.status, response.headers.get("content-length")]).toEqual([503, `${length}`]);
  });

  it.each<[string, () => unknown, H3Config, number, string]>([
    ["a text", () => "text", {}, 200, "text"],
    ["JSON", () => ({ a: 1 }), {}, 200, '{"a":1}'],
    ["a redirect", () => redirect("/name", 303), {}, 303, ""],
    ["a Response", () => new Response("made"), {}, 200, "made"],
    ["an error", () => HTTPError.status(422, "Own"), {}, 422, '"message":"Own"'],
    ["the application's page", () => HTTPError.status(422), { onError: ownPage }, 422, "own 422"],
    [
      "no page of it",
      () => HTTPError.status(422),
      { onError: () => undefined },
      422,
      '"status":422',
    ],
    ["what is not found", () => Symbol.for("h3.notFound"), {}, 404, '"status":404'],
    ["a failed save", () => "lost", {}, 503, '"status":503'],
  ])("answers %s as h3 does, where Hono on Node has replaced Response", async (...each) => {
    const [, make, config, status, body] = each;
    const { Request: OwnRequest, Response: OwnResponse } = globalThis;
    onTestFinished(
      () => void Object.assign(globalThis, { Request: OwnRequest, Response: OwnResponse }),
    );
    getRequestListener(() => new Response());
    expect(Response).not.toBe(OwnResponse);
    const made = shop();
    const routes = {
      "/make": async (event: H3Event) => {
        (await made.sessions.open(event)).set("name", "Ada");
        if (status === 503) made.store.failWrites();
        return make();
      },
    };
    const client = await nodeClientOf(application(made, routes, config));
    const response = await client.get("/make", { redirect: "manual" });
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(body);
    expect(response.headers.getSetCookie()).toHaveLength(status < 500 ? 1 : 0);
  });

  it("keeps the page of the application for everybody where a value has no JSON", async () => {
    const made = shop();
    const page = new Response(null, { status: 422 });
    const set = async (event: H3Event): Promise<unknown> => {
      (await made.sessions.open(event)).set("name", "Ada");
      return [7n];
    };
    const app = application(made, { "/set": set }, { onError: () => page, silent: true });
    for (const client of [clientOf(app), clientOf(app)]) {
      expect((await client.get("/set")).headers.getSetCookie()).toHaveLength(1);
    }
    expect([...page.headers]).toEqual([]);
  });

  it("stores what the application's page for an error changes while it streams", async () => {
    const made = shop();
    const fail = async (event: H3Event): Promise<never> => {
      await (await made.sessions.open(event)).update("visits", (n) => n + 1);
      throw HTTPError.status(422);
    };
    const onError = async (_: HTTPError, event: H3Event): Promise<HTTPResponse> => {
      const session = await made.sessions.open(event);
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        yield new TextEncoder().encode("begin ");
        session.set("name", "Ada");
        yield new TextEncoder().encode("end");
      };
      return new HTTPResponse(ReadableStream.from(pieces()), { status: 422 });
    };
    const client = await nodeClientOf(application(made, { "/fail": fail }, { onError }));
    expect(await (await client.get("/fail")).text()).toBe("begin end");
    expect(await (await client.get("/name")).text()).toBe("name Ada");
  });

  it("adds nothing to an HTTPResponse that the application keeps for the next visitor", async () => {
    const made = shop();
    const kept = new HTTPResponse("the same to all", { headers: { "x-own": "1" } });
    const app = application(made, {
      "/": async (event) => {
        (await made.sessions.open(event)).set("name", "Ada");
        return kept;
      },
    });
    const responses = [await clientOf(app).get("/"), await clientOf(app).get("/")];
    const cookies = responses.map(({ headers }) => headers.getSetCookie().length);
    expect([cookies, [...kept.headers]]).toEqual([[1, 1], [["x-own", "1"]]]);
  });

  it("holds what a handler of Node's writes, where that has its sessions from sojourn/node", async () => {
    const made = shop();
    const { sessions, store } = made;
    const withSessions = nodeSessions(sessions);
    const answer = (req: IncomingMessage, res: ServerResponse): Promise<void> =>
      withSessions(req, res, async () => {
        (await sessions.open(req)).set("name", "Ada");
        res.write("by ");
        res.end("Node");
      });
    const handle = fromNodeHandler(answer as Parameters<typeof fromNodeHandler>[0]);
    const app = application(made, {}).all("/node", handle);
    const server = listen(app, { port: 0, hostname: "127.0.0.1", silent: true });
    onClose(() => server.close(true));
    await server.ready();
    const target = new URL(server.url ?? "").origin;
    const client = testClient(target, { origin: "https://shop.example" });
    expect(await (await client.get("/node")).text()).toBe("by Node");
    expect(await (await client.get("/name")).text()).toBe("name Ada");
    store.failWrites();
    client.clear();
    expect((await client.get("/node")).status).toBe(503);
  });
});
