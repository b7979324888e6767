import { createServer } from "node:http";
import { PassThrough } from "node:stream";
import Koa, { type DefaultState } from "koa";
import { afterEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { OptionsError, StoreError } from "../../src/core/errors.ts";
import type { Session } from "../../src/core/session.ts";
import { sessionMiddleware } from "../../src/frameworks/koa.ts";
import { type TestClient, testClient } from "../../src/testing/index.ts";
import { listen } from "./support/server.ts";
import { closeAll, onClose, type Shop, shop } from "./support/shop.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

async function clientOf(app: { callback: Koa["callback"] }): Promise<TestClient> {
  const { target, close } = await listen(createServer(app.callback()));
  onClose(() => close?.());
  return testClient(target, { origin: "https://shop.example" });
}

const KNOWN = { headers: { cookie: `__Host-Http-session=${"A".repeat(43)}` } };

describe("sessions in Koa", () => {
  it("are open as ctx.session where that is wanted, typed, and ask nothing for newcomers", async () => {
    const { sessions, store } = shop();
    const app = new Koa({ asyncLocalStorage: true });
    app.use(sessionMiddleware(sessions, { accessor: true })).use(async (ctx) => {
      // With koa-session's session beside it, where `sojourn/koa-session` is imported as well.
      expectTypeOf(ctx.session).toExtend<Session<Shop>>();
      expectTypeOf(ctx.session.get("visits")).toBeNumber();
      expect(await sessions.open(ctx)).toBe(ctx.session);
      expect(await sessions.open(app.currentContext ?? {})).toBe(ctx.session);
      ctx.body = `Visit ${ctx.session.get("visits")}`;
    });
    const client = await clientOf(app);
    expect(await (await client.get("/")).text()).toBe("Visit 0");
    expect(store.calls).toEqual([]);
  });

  it("are typed in an application of their context", async () => {
    const { sessions } = shop();
    const app = new Koa<DefaultState, { session: Session<Shop> }>();
    app.use(sessionMiddleware(sessions, { accessor: true }));
    app.use((ctx) => {
      ctx.body = ctx.session.get("visits").toFixed(1);
    });
    expect(await (await (await clientOf(app)).get("/")).text()).toBe("0.0");
  });

  it("throw an outage to the middlewares before, where the application has its error page", async () => {
    const { sessions, store } = shop();
    const app = new Koa();
    app.use(async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        ctx.status = error.status;
        ctx.body = "Back in a minute.";
      }
    });
    app.use(sessionMiddleware(sessions, { accessor: true }));
    app.use(async (ctx) => {
      ctx.body = "ok";
    });
    store.fail();
    const page = await (await clientOf(app)).get("/", KNOWN);
    expect([page.status, await page.text()]).toEqual([503, "Back in a minute."]);
  });

  it("tell app's error event of a body that breaks while the answer to a HEAD waits", async () => {
    const { sessions, store } = shop();
    const app = new Koa();
    const heard: unknown[] = [];
    const body = new PassThrough();
    app.on("error", (error) => heard.push(error));
    app.use(sessionMiddleware(sessions));
    app.use(async (ctx) => {
      (await sessions.open(ctx)).set("name", "Ada");
      ctx.body = body;
    });
    const client = await clientOf(app);
    const held = store.holdWrites();
    const answer = client.head("/");
    await held.reached;
    const broken = new Error("The disk is gone");
    body.destroy(broken);
    await new Promise((resolve) => body.once("close", resolve));
    held.release();
    expect((await answer).status).toBe(200);
    expect(heard).toEqual([broken]);
  });

  it("tell app's error event and ctx.onerror of a save that fails after all middlewares", async () => {
    const { sessions, store } = shop();
    const app = new Koa();
    const heard: unknown[] = [];
    app.on("error", (error) => heard.push(error));
    app.use(sessionMiddleware(sessions));
    app.use(async (ctx) => {
      (await sessions.open(ctx)).set("name", "Ada");
      ctx.set("ETag", '"page"');
      ctx.body = "ok";
    });
    store.failWrites();
    const page = await (await clientOf(app)).get("/");
    expect([page.status, await page.text()]).toEqual([503, "Service Unavailable"]);
    expect(page.headers.get("etag")).toBeNull();
    expect(heard).toEqual([expect.any(StoreError)]);
  });

  it("leave the cookie of a sign-in on Koa's own error page", async () => {
    const { sessions } = shop();
    const app = new Koa().use(sessionMiddleware(sessions));
    app.use(async (ctx) => {
      const session = await sessions.open(ctx);
      if (ctx.path === "/who") ctx.body = session.userId;
      else {
        await session.signIn("ada");
        session.set("name", "lost");
        ctx.throw(500, "A slip");
      }
    });
    app.silent = true;
    const client = await clientOf(app);
    const page = await client.get("/");
    expect([page.status, page.headers.getSetCookie().length]).toEqual([500, 1]);
    expect(await (await client.get("/who")).text()).toBe("ada");
  });

  it.each(["/read", "/save"])("let Koa print a failure once, with its cause: %s", async (path) => {
    const { sessions, store } = shop();
    const app = new Koa().use(sessionMiddleware(sessions));
    app.use(async (ctx) => {
      const session = await sessions.open(ctx);
      if (path === "/save") session.set("name", "Ada");
      ctx.body = session.get("name");
    });
    store.fail();
    const print = vi.spyOn(console, "error").mockReturnValue();
    const page = await (await clientOf(app)).get(path, path === "/read" ? KNOWN : {});
    expect(page.status).toBe(503);
    expect(print.mock.calls.map(String)).toEqual([
      expect.stringMatching(/StoreError.*caused by /s),
    ]);
  });

  it("refuse slips where they are made", () => {
    const { sessions } = shop();
    expect(() => sessionMiddleware({} as typeof sessions)).toThrow(OptionsError);
    expect(() => sessionMiddleware(sessions, { accessor: 1 as never })).toThrow(/accessor/);
    expect(() => sessionMiddleware(sessions, { key: "sid" } as never)).toThrow(/key/);
  });
});
