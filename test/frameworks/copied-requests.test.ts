import { Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import PQueue from "p-queue";
import { createRequestHandler, type ServerBuild } from "react-router";
import { afterEach, describe, expect, it } from "vitest";
import type { Sessions } from "../../src/core/sessions.ts";
import { sessionMiddleware } from "../../src/frameworks/hono.ts";
import { type TestClient, testClient } from "../../src/testing/index.ts";
import { closeAll, type Shop, shop } from "./support/shop.ts";

afterEach(closeAll);

/** Runs a job when its turn has come. */
type Limit = <T>(job: () => Promise<T>) => Promise<T>;

/** Starts each job from what the one before has left, and so in its asynchronous context. */
function oneAtATime(): Limit {
  const waiting: (() => void)[] = [];
  let isBusy = false;
  return (job) =>
    new Promise((resolve, reject) => {
      const run = (): void => {
        isBusy = true;
        const done = job().then(resolve, reject);
        void done.finally(() => {
          isBusy = false;
          waiting.shift()?.();
        });
      };
      if (isBusy) waiting.push(run);
      else run();
    });
}

const QUEUES: Readonly<Record<string, () => Limit>> = {
  "p-queue, one at a time": () => byPQueue(1),
  "p-queue, three at a time": () => byPQueue(3),
  "a home-made one": oneAtATime,
};

function byPQueue(concurrency: number): Limit {
  const queue = new PQueue({ concurrency });
  return (job) => queue.add(job);
}

type Account = (request: Request) => Promise<Response>;

/** A page for each visitor, and a form to sign in, over the request that it is given. */
function accountOf(sessions: Sessions<Shop>, pause: () => Promise<void>): Account {
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const session = await sessions.open(request);
    await pause();
    const name = searchParams.get("name");
    if (pathname.endsWith("/sign-in") && name !== null) {
      await session.signIn(name);
      session.set("name", `${name}'s own`);
    }
    await pause();
    return new Response(`${session.userId ?? "nobody"} ${session.get("name")}`);
  };
}

const WRAPPINGS = ["unsaid", "said"] as const;
type Wrapping = (typeof WRAPPINGS)[number];

const PLACES: Readonly<
  Record<string, (sessions: Sessions<Shop>, limit: Limit, account: Account, said: Wrapping) => Hono>
> = {
  "before app.mount": (sessions, limit, account, said) => {
    const limited: MiddlewareHandler = (_c, next) => limit(next);
    const app = new Hono().use(sessionMiddleware(sessions)).use(limited);
    return app.mount("/account", account, wrapping(sessions, said));
  },
  "behind app.mount": (sessions, limit, account, said) => {
    const app = new Hono().use(sessionMiddleware(sessions));
    const limited: Account = (request) => limit(() => account(request));
    return app.mount("/account", limited, wrapping(sessions, said));
  },
  "before everything": (sessions, limit, account, said) => {
    const limited: MiddlewareHandler = (_c, next) => limit(next);
    const app = new Hono().use(limited).use(sessionMiddleware(sessions));
    return app.mount("/account", account, wrapping(sessions, said));
  },
};

function wrapping(
  sessions: Sessions<Shop>,
  said: Wrapping,
): { replaceRequest?: (request: Request) => Request } {
  if (said === "unsaid") return {};
  return { replaceRequest: (request) => sessions.alias(request, new Request(request)) };
}

/** Some turns of the event loop, so that requests overlap in many ways. */
async function pause(): Promise<void> {
  for (let turns = Math.random() * 3; turns > 0; turns -= 1) await new Promise(setImmediate);
}

describe.each(Object.keys(QUEUES))("with %s", (queue) => {
  describe.each(Object.keys(PLACES))("%s", (place) => {
    it.each(WRAPPINGS)(
      "no visitor meets another's session, where the wrapping is %s",
      async (said) => {
        const { sessions } = shop({ onError: () => undefined });
        const limit = QUEUES[queue]?.() ?? oneAtATime();
        const account = accountOf(sessions, pause);
        const app = PLACES[place]?.(sessions, limit, account, said) ?? new Hono();
        const clients = Array.from({ length: 12 }, () =>
          testClient((request) => app.fetch(request)),
        );
        // All of them strangers, without a cookie: nothing tells their requests apart.
        const first = await Promise.all(clients.map((client, n) => firstVisit(client, n)));
        const second = await Promise.all(clients.map((client) => text(client, "/account/me")));
        for (const [n, said] of [...first.entries(), ...second.entries()]) {
          expect([`user${n} user${n}'s own`, "nobody ", "500"]).toContain(said);
        }
        if (said === "unsaid") return;
        expect(first).not.toContain("500");
        const own = (_: unknown, n: number): string =>
          n % 2 === 0 ? `user${n} user${n}'s own` : "nobody ";
        expect(second).toEqual(Array.from(second, own));
      },
    );
  });
});

async function firstVisit(client: TestClient, n: number): Promise<string> {
  return text(client, n % 2 === 0 ? `/account/sign-in?name=user${n}` : "/account/me");
}

async function text(client: TestClient, path: string): Promise<string> {
  const response = await client.get(path);
  const body = await response.text();
  return response.status === 200 ? body : String(response.status);
}

describe("a request that was made anew", () => {
  it("is known in Hono by the context that holds it, whoever the visitor is", async () => {
    const { sessions } = shop();
    const app = new Hono().use(sessionMiddleware(sessions));
    app.post("/", bodyLimit({ maxSize: 1_000 }), async (c) => {
      const session = await sessions.open(c.req.raw);
      session.set("name", await c.req.text());
      return c.text(session.get("name"));
    });
    const client = testClient((request) => app.fetch(request));
    const response = await client.post("/", { body: "Ada" });
    expect([response.status, await response.text()]).toEqual([200, "Ada"]);
  });

  it("is known by the session that it carries, as long as the original is being handled", async () => {
    const { sessions } = shop({ onError: () => undefined });
    let late: (() => Promise<unknown>) | undefined;
    const handle = (request: Request): Promise<Response> =>
      sessions.handle(request, async () => {
        const session = await sessions.open(request);
        await session.update("visits", (n) => n + 1);
        late = async () => sessions.open(new Request(request));
        return new Response("done");
      });
    const client = testClient(handle);
    await (await client.get("/")).text();
    await (await client.get("/")).text();
    await expect(late?.()).rejects.toMatchObject({ code: "ERR_SESSION_OPTIONS" });
  });

  it.each<[string, (request: Request) => Request]>([
    ["by another method", (request) => new Request(request, { method: "POST" })],
    ["to another host", (request) => new Request("https://other.example/", request)],
    ["with a header of its own", (request) => withHeader(request, "x-own", "1")],
    ["with another cookie beside", (request) => withCookie(request, (cookie) => `${cookie}; a=1`)],
    ["without a cookie", (request) => withCookie(request, () => "")],
    ["with a cookie of no session", (request) => withCookie(request, () => "theme=dark")],
  ])("is somebody else's %s", async (_, remake) => {
    const { sessions } = shop({ onError: () => undefined });
    const client = testClient((request) =>
      sessions.handle(request, async () => {
        const session = await sessions.open(request);
        await session.update("visits", (n) => n + 1);
        const opened = sessions.open(remake(request)).then(
          () => "opened",
          (error: { code: string }) => error.code,
        );
        return new Response(await opened);
      }),
    );
    await client.get("/");
    expect(await (await client.get("/")).text()).toBe("ERR_SESSION_OPTIONS");
  });

  it("is nobody's by a secret that no session is known by", async () => {
    const { sessions } = shop({ onError: () => undefined });
    const cookie = `__Host-Http-session=${"A".repeat(43)}`;
    const request = new Request("https://localhost/", { headers: { cookie } });
    const response = await sessions.handle(request, async () => {
      await (await sessions.open(request)).signIn("ada");
      const copy = await sessions.open(new Request(request));
      return new Response(copy.userId);
    });
    expect(response.status).toBe(500);
  });
});

function withHeader(request: Request, name: string, value: string): Request {
  const headers = new Headers(request.headers);
  headers.set(name, value);
  return new Request(request, { headers });
}

function withCookie(request: Request, remake: (cookie: string) => string): Request {
  return withHeader(request, "cookie", remake(request.headers.get("cookie") ?? ""));
}

describe("React Router", () => {
  const routes = (sessions: Sessions<Shop>, isInside: boolean): ServerBuild => {
    const middleware = async ({ request }: { request: Request }, next: () => Promise<Response>) =>
      sessions.handle(request, () => next());
    const module = {
      default: () => null,
      action: async ({ request }: { request: Request }) => {
        const session = await sessions.open(request);
        return { visits: await session.update("visits", (n) => n + 1) };
      },
      ...(isInside ? { middleware: [middleware] } : {}),
    };
    return {
      routes: { root: { id: "root", path: "", module } },
      assets: { routes: { root: { id: "root" } }, entry: {}, url: "", version: "1" },
      entry: { module: { default: () => new Response("page") } },
      future: {},
      basename: "/",
      publicPath: "/",
      assetsBuildDirectory: "",
      ssr: true,
      isSpaMode: false,
      prerender: [],
      routeDiscovery: { mode: "initial" },
    } as unknown as ServerBuild;
  };

  /** How often the action has counted this visitor. */
  const post = async (client: TestClient): Promise<number> => {
    const body = await (await client.post("/.data?_routes=root", { form: { a: "1" } })).text();
    return Number(/"visits",(\d+)/.exec(body)?.[1]);
  };

  it.each([
    ["inside", true],
    ["outside", false],
  ])("serves every visitor with sessions %s of it", async (_, isInside) => {
    const { sessions } = shop();
    const handler = createRequestHandler(routes(sessions, isInside), "production");
    const client = testClient((request) =>
      isInside ? handler(request) : sessions.handle(request, () => handler(request)),
    );
    expect([await post(client), await post(client), await post(client)]).toEqual([1, 2, 3]);
  });
});
