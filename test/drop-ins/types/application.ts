// What an application with the types of express-session has written. It is compiled with those, and with ours
// under its one changed import.

import type { IncomingMessage } from "node:http";
import express, { type Request, type RequestHandler } from "express";
import session, {
  MemoryStore,
  type SessionData,
  type SessionOptions,
  Store,
} from "express-session";
import { expectTypeOf } from "vitest";

interface Account {
  readonly id: string;
}

declare module "express-session" {
  interface SessionData {
    views: number;
    account?: Account;
  }
}

/** By inheritance, as connect-redis and its kin. */
class KeyedStore extends Store {
  readonly #kept = new Map<string, string>();

  get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    callback(null, JSON.parse(this.#kept.get(sid) ?? "null"));
  }

  set(sid: string, data: SessionData, callback?: (error?: unknown) => void): void {
    expectTypeOf(data.views).toEqualTypeOf<number>();
    expectTypeOf(data.cookie.originalMaxAge).toEqualTypeOf<number | null>();
    this.#kept.set(sid, JSON.stringify(data));
    callback?.();
  }

  destroy(sid: string, callback?: (error?: unknown) => void): void {
    this.#kept.delete(sid);
    callback?.();
  }

  override touch(sid: string, data: SessionData, callback?: () => void): void {
    this.set(sid, data, callback);
  }

  override all(callback: (error: unknown, sessions?: SessionData[] | null) => void): void {
    callback(
      null,
      [...this.#kept.values()].map((text) => JSON.parse(text)),
    );
  }
}

// @ts-expect-error a store has to be able to destroy
class HalfAStore extends session.Store {
  get(): void {}
  set(): void {}
}

const options: SessionOptions = {
  secret: ["new", Buffer.from("old")],
  name: "sid",
  resave: false,
  saveUninitialized: false,
  rolling: true,
  proxy: undefined,
  unset: "destroy",
  genid: (request) => {
    expectTypeOf(request).toEqualTypeOf<Request>();
    return String(request.get("x-id"));
  },
  cookie: {
    maxAge: 60_000,
    sameSite: "lax",
    secure: "auto",
    httpOnly: true,
    path: "/",
    priority: "low",
  },
  store: new KeyedStore(),
};
const byRequest: session.SessionOptions = {
  secret: "keyboard cat",
  cookie: (request) => ({ secure: request.secure, expires: new Date(0) }),
};
const cookieOptions: session.CookieOptions = { partitioned: true, sameSite: "none" };
// @ts-expect-error there is no such rule
const slip: SessionOptions = { secret: "keyboard cat", unset: "sometimes" };

expectTypeOf(session(options)).toExtend<RequestHandler>();
expectTypeOf(session).toBeCallableWith();
expectTypeOf(session).toBeCallableWith({ secret: "keyboard cat", store: new MemoryStore() });
expectTypeOf(new session.MemoryStore()).toExtend<session.Store>();
expectTypeOf(session.Store).toEqualTypeOf(Store);
expectTypeOf<session.SessionData>().toEqualTypeOf<SessionData>();
expectTypeOf(new session.Cookie().maxAge).toEqualTypeOf<number | undefined>();

const app = express();
app.use(session(options), session(byRequest));
app.get("/", (req, res, next) => {
  expectTypeOf(req.session).toExtend<session.Session & Partial<session.SessionData>>();
  expectTypeOf(req.session.views).toEqualTypeOf<number | undefined>();
  expectTypeOf(req.session.account?.id).toEqualTypeOf<string | undefined>();
  expectTypeOf(req.session.id).toBeString();
  expectTypeOf(req.sessionID).toBeString();
  req.session.views = (req.session.views ?? 0) + 1;
  // @ts-expect-error nobody has declared it
  req.session.basket = [];
  // @ts-expect-error it is a number
  req.session.views = "many";
  delete req.session.account;

  req.session.cookie.maxAge = 60_000;
  req.session.cookie.expires = new Date(0);
  req.session.cookie.secure = true;
  Object.assign(req.session.cookie, cookieOptions);
  expectTypeOf(req.session.cookie.originalMaxAge).toEqualTypeOf<number | null>();

  req.session.regenerate((error) => {
    if (error) return next(error);
    req.session.save((failure) => (failure ? next(failure.message) : res.redirect("/")));
  });
  req.session.reload(next).destroy((error: Error) => next(error));
  expectTypeOf(req.session.touch().resetMaxAge()).toEqualTypeOf(req.session);

  req.sessionStore.get(req.sessionID, (error, data) => {
    res.send(error.message);
    expectTypeOf(data).toEqualTypeOf<SessionData | null | undefined>();
  });
  req.sessionStore.destroy(req.sessionID, next);
  req.sessionStore.regenerate(req, next);
  req.sessionStore.load(req.sessionID, (_error, data) =>
    expectTypeOf(data?.views).toExtend<number | undefined>(),
  );
  req.sessionStore.all?.((_error, all) => res.json(all));
  req.sessionStore.on("disconnect", () => undefined);
  req.sessionStore.generate(req);
});

/** As socket.io's `engine.use` has it, and whoever gives the session on to a function of their own. */
type WithSession = IncomingMessage & { session: session.Session & Partial<session.SessionData> };
export const viewsOf = (request: WithSession): number => request.session.views ?? 0;
app.get("/views", (req, res) => void res.json(viewsOf(req)));

export { HalfAStore, slip };
