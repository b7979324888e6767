import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import {
  afterEach,
  beforeEach,
  describe,
  expect,
  expectTypeOf,
  it,
  type MockInstance,
  vi,
} from "vitest";
import type { Session } from "../../src/core/session.ts";
import { type SessionVariables, sessionMiddleware } from "../../src/frameworks/hono.ts";
import { testClient } from "../../src/testing/index.ts";
import { closeAll, type Shop, shop } from "./support/shop.ts";

let printed: MockInstance;

beforeEach(() => {
  printed = vi.spyOn(console, "error").mockReturnValue();
});
afterEach(closeAll);
afterEach(() => vi.restoreAllMocks());

describe("c.var.session of Hono", () => {
  it("is the open session, of its type, where that is asked for", async () => {
    const { sessions, store } = shop();
    const app = new Hono()
      .use(sessionMiddleware(sessions, { accessor: true }))
      .get("/", async (c) => {
        expectTypeOf(c.var.session).toEqualTypeOf<Session<Shop>>();
        expectTypeOf(c.get("session")).toEqualTypeOf<Session<Shop>>();
        expect(await sessions.open(c)).toBe(c.var.session);
        return c.text(`Visit ${await c.var.session.update("visits", (n) => n + 1)}`);
      })
      .get("/other", (c) => c.text("other"));
    const client = testClient(app.fetch);
    expect(await (await client.get("/other")).text()).toBe("other");
    // Nothing is asked for a visitor without a cookie.
    expect(store.calls).toEqual([]);
    expect(await (await client.get("/")).text()).toBe("Visit 1");
    expect(await (await client.get("/")).text()).toBe("Visit 2");
  });

  it("is there in the routes of an application that says so, and in mounted ones", async () => {
    const { sessions } = shop();
    type Env = { Variables: SessionVariables<Shop> };
    const inner = new Hono<Env>().post("/sign-in", async (c) => {
      await c.var.session.signIn("ada");
      return c.redirect("/inner/account", 303);
    });
    inner.get("/account", (c) => {
      const { userId } = c.var.session;
      if (userId === undefined) throw new HTTPException(401, { message: "Sign in" });
      return c.text(userId);
    });
    const app = new Hono<Env>();
    // The same one twice, as where a part brings its own.
    for (const _ of [1, 2]) app.use(sessionMiddleware(() => sessions, { accessor: true }));
    app.route("/inner", inner);
    const client = testClient(app.fetch);
    expect((await client.get("/inner/account")).status).toBe(401);
    expect(await (await client.post("/inner/sign-in")).text()).toBe("ada");
  });

  it("leaves a handler that forgets its answer to the application, as Hono does", async () => {
    const { sessions } = shop();
    const app = new Hono().use(sessionMiddleware(sessions, { accessor: true }));
    app.onError((error, c) => c.text(error.message, 500));
    app.get("/kept", (c) => c.json(c.var.session.get("visits")));
    app.get("/:step", async (c) => {
      c.var.session.set("visits", 7);
      if (c.req.param("step") === "after") await c.var.session.signIn("ada");
      return undefined as unknown as Response;
    });
    const client = testClient(app.fetch);
    const answer = await client.get("/before");
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain("Context is not finalized");
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await (await client.get("/kept")).json()).toBe(0);
    // What is done already is told.
    expect((await client.get("/after")).headers.getSetCookie()).toHaveLength(1);
  });

  it("is not there where nobody asks for it", () => {
    const { sessions } = shop();
    new Hono().use(sessionMiddleware(sessions)).get("/", (c) => {
      // @ts-expect-error nothing has promised it.
      return c.json(c.var.session);
    });
  });

  it("leaves an outage to Hono, with 503, printed once with its cause", async () => {
    const { sessions, store } = shop();
    const app = new Hono().use(sessionMiddleware(sessions, { accessor: true }));
    app.get("/", async (c) => {
      c.var.session.set("name", "Ada");
      return c.text("set");
    });
    const client = testClient(app.fetch);
    await client.get("/");
    store.hinder(() => Promise.reject(new Error("The line is cut")));
    expect((await client.get("/")).status).toBe(503);
    expect(printed.mock.calls).toEqual([
      [expect.stringMatching(/answered with 503[\s\S]*line is cut/)],
    ]);
    app.onError((error, c) => c.text(`Ours: ${error.name}`, 503));
    expect(await (await client.get("/")).text()).toBe("Ours: StoreError");
  });

  it("refuses an option that it does not know", () => {
    const { sessions } = shop();
    const options = { accesor: true } as object;
    expect(() => sessionMiddleware(sessions, options)).toThrow("accesor");
  });
});
