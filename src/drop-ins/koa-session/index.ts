import { addTo, heldBy } from "./context.ts";
import { ContextSession } from "./context-session.ts";
import { completeOptions, SessionOptions as SessionOptionsHere } from "./options.ts";
import { isOverOurs, overOurs } from "./over-ours.ts";
import type {
  CreateSessionOptions,
  ExternalKey,
  ExternalStore,
  SessionOptions as Options,
  SessionMiddleware,
  Session as SessionOfContext,
} from "./types.ts";

export { SessionOptions } from "./options.ts";
export type {
  Callback,
  Context,
  CreateSessionOptions,
  ExternalKey,
  ExternalStore,
  Session,
  SessionContext,
  SessionMiddleware,
  StoredSession,
} from "./types.ts";
export { createSession, createSession as default, createSession as "module.exports" };

/** What a middleware needs of a Koa application: `new Koa()` is one. */
export interface Application {
  /** What each context is made from; `session` and `sessionOptions` are added to it. */
  readonly context: object;
  use(...args: never[]): unknown;
}

/**
 * Gives each context its `ctx.session`, in a signed cookie or in a store, as koa-session does: its call,
 * its options, its events and its cookies, to the letter. Over a store of ours our laws hold.
 *
 * @param options - As of koa-session 7, and {@link CreateSessionOptions.sessions}. They are completed in
 * place, and what is changed in them later holds for later requests.
 * @throws TypeError without an application.
 * @throws Error of zod's form for an option of the wrong type.
 * @example
 * import Koa from "koa";
 * import session from "sojourn/koa-session";
 *
 * const app = new Koa({ keys: [process.env["COOKIE_KEY"] ?? "only in development"] });
 * app.use(session({ maxAge: 86_400_000 }, app));
 * app.use((ctx) => {
 *   const { session } = ctx;
 *   if (session) session["views"] = (session["views"] ?? 0) + 1;
 *   ctx.body = `Visit ${session?.["views"]}`;
 * });
 */
function createSession(options: CreateSessionOptions, app: Application): SessionMiddleware;
function createSession(app: Application, options?: CreateSessionOptions): SessionMiddleware;
function createSession(
  first: CreateSessionOptions | Application,
  second?: Application | CreateSessionOptions,
): SessionMiddleware {
  const [app, given = {}] = isApplication(first) ? [first, second] : [second, first];
  if (!isApplication(app)) throw new TypeError("app instance required: `session(opts, app)`");
  const options = given as CreateSessionOptions;
  return isOverOurs(options) ? overOurs(options, app) : classic(options, app);
}

type CreateSession = typeof createSession;

function isApplication(value: unknown): value is Application {
  return typeof (value as Partial<Application> | undefined)?.use === "function";
}

/** To the letter. */
function classic(given: CreateSessionOptions, app: Application): SessionMiddleware {
  const options = completeOptions(given);
  addTo(app.context, (ctx) => new ContextSession(ctx, options));
  return async (ctx, next) => {
    const held = heldBy(ctx) as ContextSession;
    if (held.store) await held.initFromExternal();
    try {
      await next();
    } finally {
      if (options.autoCommit) await held.commit();
    }
  };
}

// What `require()` has of koa-session itself: the function is not all there.
Object.assign(createSession, {
  createSession,
  default: createSession,
  SessionOptions: SessionOptionsHere,
});

/** The names of `@types/koa-session`. */
declare namespace createSession {
  export let createSession: CreateSession;
  export let SessionOptions: typeof SessionOptionsHere;
  export type Session = SessionOfContext;
  export type opts = Options;
  export type stores = ExternalStore;
  export type ExternalKeys = ExternalKey;
}
