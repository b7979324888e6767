import Fastify, { type FastifyInstance, type LightMyRequestResponse } from "fastify";
import { afterEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { OptionsError, type StoreError } from "../../src/core/errors.ts";
import type { Session } from "../../src/core/session.ts";
import { sessionPlugin } from "../../src/frameworks/fastify.ts";
import { createSessions } from "../../src/index.ts";
import { closeAll, onClose, type Shop, shop } from "./support/shop.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

/** As a browser behind a proxy sends it. */
async function visit(
  app: FastifyInstance,
  url: string,
  cookie = "",
): Promise<LightMyRequestResponse> {
  return app.inject({ url, headers: { "x-forwarded-proto": "https", cookie } });
}

function closing(app: FastifyInstance): FastifyInstance {
  onClose(() => app.close());
  return app;
}

const KNOWN = `__Host-Http-session=${"A".repeat(43)}`;

describe("sessions in Fastify", () => {
  it("work with inject, without a socket", async () => {
    const { sessions } = shop();
    const app = closing(Fastify());
    await app.register(sessionPlugin(sessions));
    app.get("/", async (request) => {
      const session = await sessions.open(request);
      expect(await sessions.open(request.raw)).toBe(session);
      return `Visit ${await session.update("visits", (n) => n + 1)}`;
    });
    const first = await visit(app, "/");
    expect(first.body).toBe("Visit 1");
    const [cookie] = first.cookies;
    const again = await visit(app, "/", `${cookie?.name}=${cookie?.value}`);
    expect([again.body, again.cookies]).toEqual(["Visit 2", []]);
  });

  it("are there in the scope that registers them and within, and not outside", async () => {
    const { sessions } = shop();
    const app = closing(Fastify());
    const name = async (request: object): Promise<string> =>
      (await sessions.open(request)).get("name") || "nobody";
    app.get("/outside", name);
    await app.register(async (scope) => {
      await scope.register(sessionPlugin(sessions));
      scope.get("/here", name);
      await scope.register(async (inner) => void inner.get("/within", name));
    });
    expect((await visit(app, "/here")).body).toBe("nobody");
    expect((await visit(app, "/within")).body).toBe("nobody");
    expect((await visit(app, "/outside")).statusCode).toBe(500);
  });

  it("are open as request.session where that is wanted, and ask nothing for newcomers", async () => {
    const { sessions, store } = shop();
    const app = closing(Fastify());
    await app.register(sessionPlugin(sessions, { accessor: true }));
    app.get("/", async (request) => {
      const session = request.getDecorator<Session<Shop>>("session");
      expect(await sessions.open(request)).toBe(session);
      return `Visit ${session.get("visits")}`;
    });
    expect((await visit(app, "/")).body).toBe("Visit 0");
    expect(store.calls).toEqual([]);
    store.fail();
    const heard = vi.spyOn(console, "error").mockReturnValue();
    expect((await visit(app, "/", KNOWN)).statusCode).toBe(503);
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it("fail on the application's error path, which keeps what is not the page's", async () => {
    const shopManager = shop();
    const office = createSessions<Shop>({ ...optionsOf("office"), defaults: SHOP });
    onClose(() => office.close());
    const app = closing(Fastify());
    // The office is stored first: who is mounted last is the first to be asked.
    for (const sessions of [shopManager.sessions, office]) {
      await app.register(sessionPlugin(sessions));
    }
    app.setErrorHandler((error: StoreError, _request, reply) => {
      reply.header("Set-Cookie", "seen=error").send({ code: error.code });
    });
    app.get("/", async (request, reply) => {
      (await shopManager.sessions.open(request)).set("name", "Ada");
      (await office.open(request)).set("name", "Grace");
      const headers = { ETag: '"page"', "Cache-Control": "public", "Set-Cookie": "lang=en" };
      return reply
        .code(201)
        .headers({ ...headers, "Access-Control-Allow-Origin": "*" })
        .send("ok");
    });
    shopManager.store.failWrites();
    vi.spyOn(console, "error").mockReturnValue();
    const { statusCode, body, headers, cookies } = await visit(app, "/");
    expect([statusCode, JSON.parse(body)]).toEqual([503, { code: "ERR_SESSION_STORE" }]);
    expect(headers).not.toHaveProperty("etag");
    expect(headers["cache-control"]).not.toBe("public");
    expect(headers["access-control-allow-origin"]).toBe("*");
    const names = cookies.map(({ name }) => name).sort();
    expect(names).toEqual(["__Host-Http-office", "lang", "seen"]);
  });

  it("fail plainly where the handler has taken the reply over", async () => {
    const { sessions, store } = shop();
    const app = closing(Fastify());
    await app.register(sessionPlugin(sessions));
    app.get("/", async (request, reply) => {
      (await sessions.open(request)).set("name", "Ada");
      reply.hijack().raw.end("ok");
    });
    store.failWrites();
    vi.spyOn(console, "error").mockReturnValue();
    const { statusCode, body } = await visit(app, "/");
    expect(statusCode).toBe(503);
    expect(body).toMatch(/^Service unavailable/);
  });

  it("see what onSend hooks make of the answer", async () => {
    const { sessions } = shop();
    const app = closing(Fastify());
    await app.register(sessionPlugin(sessions));
    app.addHook("onSend", async (request, _reply, payload) => {
      (await sessions.open(request)).set("name", "Ada");
      return `${payload}!`;
    });
    app.get("/", async () => "ok");
    const { body, cookies } = await visit(app, "/");
    expect([body, cookies.length]).toEqual(["ok!", 1]);
  });
});

describe("failures in Fastify are heard of once, with their cause", () => {
  const ROUTES = ["/read", "/save"];

  async function failing(logger?: { readonly stream: { write(line: string): void } }): Promise<{
    readonly app: FastifyInstance;
    readonly printed: () => string[];
  }> {
    const { sessions, store } = shop();
    const app = closing(logger ? Fastify({ logger: { level: "error", ...logger } }) : Fastify());
    await app.register(sessionPlugin(sessions));
    app.get("/read", async (request) => (await sessions.open(request)).get("name"));
    app.get("/save", async (request) => {
      (await sessions.open(request)).set("name", "Ada");
      return "ok";
    });
    store.fail();
    const print = vi.spyOn(console, "error").mockReturnValue();
    return { app, printed: () => print.mock.calls.map(String) };
  }

  it.each(ROUTES)("where Fastify has no logger: %s", async (path) => {
    const { app, printed } = await failing();
    const cookie = path === "/read" ? KNOWN : "";
    expect((await visit(app, path, cookie)).statusCode).toBe(503);
    expect(printed()).toEqual([
      expect.stringMatching(/was answered with 503.*StoreError.*\n.*caused by /s),
    ]);
  });

  it.each(ROUTES)("by Fastify's own logger, where it has one: %s", async (path) => {
    const lines: string[] = [];
    const { app, printed } = await failing({ stream: { write: (line) => void lines.push(line) } });
    const cookie = path === "/read" ? KNOWN : "";
    expect((await visit(app, path, cookie)).statusCode).toBe(503);
    expect(printed()).toEqual([]);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "").err.stack).toMatch(/StoreError.*caused by /s);
  });
});

describe("the plugin for Fastify", () => {
  it("refuses slips where they are made", () => {
    const { sessions } = shop();
    expect(() => sessionPlugin({} as typeof sessions)).toThrow(OptionsError);
    expect(() => sessionPlugin(sessions, { accessor: "yes" as never })).toThrow(/accessor/);
    expect(() => sessionPlugin(sessions, { open: "always" } as never)).toThrow(/open/);
  });

  it("is typed, over http2 as well", async () => {
    const { sessions } = shop();
    const app = closing(Fastify());
    const secure = Fastify({ http2: true });
    onClose(() => secure.close());
    await secure.register(sessionPlugin(sessions));
    await app.register(sessionPlugin(sessions));
    app.get("/", async (request) => {
      const session = await sessions.open(request);
      expectTypeOf(session).toEqualTypeOf<Session<Shop>>();
      expectTypeOf(session.get("visits")).toEqualTypeOf<number>();
      return "ok";
    });
    expect((await visit(app, "/")).body).toBe("ok");
  });
});

const SHOP: Shop = { name: "", visits: 0 };

function optionsOf(name: string): { readonly name: string; readonly trustProxy: "all" } {
  return { name, trustProxy: "all" };
}
