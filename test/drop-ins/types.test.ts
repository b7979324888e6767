import Koa from "koa";
import { describe, expectTypeOf, it } from "vitest";
import cookieSession, {
  type CookieSessionObject,
  type CookieSessionRequest,
} from "../../src/drop-ins/cookie-session/index.ts";
import session, { type Session } from "../../src/drop-ins/koa-session/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";

describe("Whoever has the types of koa-session", () => {
  it("finds ctx.session and ctx.sessionOptions on every context", () => {
    const app = new Koa();
    app.use((ctx) => {
      expectTypeOf(ctx.session).toEqualTypeOf<Session | null>();
      expectTypeOf(ctx.sessionOptions?.maxAge).toEqualTypeOf<number | "session" | undefined>();
      ctx.session = { views: 1 };
      ctx.session = null;
    });
  });

  it("finds the names of @types/koa-session under the function", () => {
    expectTypeOf<session.Session>().toEqualTypeOf<Session>();
    const options: Partial<session.opts> = { maxAge: "session", rolling: true };
    const app = new Koa();
    expectTypeOf(app.use).toBeCallableWith(session(options, app));
    expectTypeOf(app.use).toBeCallableWith(session(app));
    const store: session.stores = {
      get: () => ({}),
      set: () => undefined,
      destroy: () => undefined,
    };
    expectTypeOf(session).toBeCallableWith({ store }, app);
    expectTypeOf(session).toBeCallableWith({ store: memoryStore() }, app);
    // @ts-expect-error it is a number, or "session"
    const slip = () => session({ maxAge: "1d" }, app);
    expectTypeOf(slip).toBeFunction();
  });
});

describe("Whoever has the types of cookie-session", () => {
  it("finds its names where they were, and can add to them", () => {
    expectTypeOf<CookieSessionInterfaces.CookieSessionObject>().toExtend<CookieSessionObject>();
    expectTypeOf<Express.Request>().toExtend<CookieSessionInterfaces.CookieSessionRequest>();
    expectTypeOf<CookieSessionRequest["session"]>().toEqualTypeOf<
      CookieSessionInterfaces.CookieSessionObject | null | undefined
    >();
    const options: CookieSessionInterfaces.CookieSessionOptions = { keys: ["new"], maxAge: 1 };
    expectTypeOf(cookieSession).toBeCallableWith(options);
    // @ts-expect-error there is no such attribute
    const slip = () => cookieSession({ secret: "new", sameSite: "sometimes" });
    expectTypeOf(slip).toBeFunction();
  });
});
