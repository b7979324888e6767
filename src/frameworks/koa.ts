import { Stream } from "node:stream";
import type { DefaultState, Middleware, ParameterizedContext } from "koa";
import { attach, internalsOf } from "../core/internals.ts";
import { flag, requireKnownKeys } from "../core/option-checks.ts";
import type { Visit } from "../core/request/visit.ts";
import type { Session } from "../core/session.ts";
import type { Sessions } from "../core/sessions.ts";
import { type Fallback, holdReply } from "./port/hold.ts";
import { nodeExchange, plainAnswer } from "./port/node-exchange.ts";

/** How {@link sessionMiddleware} behaves. */
export interface MiddlewareOptions {
  /**
   * Whether each context has its open session as `ctx.session`. It is opened before the middlewares
   * that follow: the store is asked where the visitor brings a cookie, and a failure is thrown to those
   * that went before.
   *
   * @defaultValue `false`
   */
  readonly accessor?: boolean | undefined;
}

/** What `accessor` adds to the context. */
export interface SessionContext<D extends object> {
  /** The session of this request. */
  session: Session<D>;
}

/**
 * Sessions for Koa 3. `sessions.open` takes `ctx`, `ctx.request` or `ctx.req`.
 *
 * The response is held until the session is stored. A failure to store what `set` has gathered goes to
 * `ctx.onerror`, when all middlewares are done; any other is thrown to the middleware that has asked.
 * Each has the `status` that the answer should have (503 for an outage, 409 for an ended session).
 *
 * @throws {@link OptionsError} for what createSessions() has not made, and for an unknown option.
 * @example
 * const app = new Koa().use(sessionMiddleware(sessions));
 * app.use(async (ctx) => {
 *   const session = await sessions.open(ctx);
 *   ctx.body = `Visit ${await session.update("visits", (n) => n + 1)}`;
 * });
 */
export function sessionMiddleware<D extends object>(
  sessions: Sessions<D>,
  options: MiddlewareOptions & { readonly accessor: true },
): Middleware<DefaultState, SessionContext<D>>;
export function sessionMiddleware<D extends object>(
  sessions: Sessions<D>,
  options?: MiddlewareOptions,
): Middleware;
export function sessionMiddleware<D extends object>(
  sessions: Sessions<D>,
  options: MiddlewareOptions = {},
): Middleware<DefaultState, SessionContext<D>> {
  // A slip is told where it is made, not at the first request.
  internalsOf(sessions);
  requireKnownKeys("sessionMiddleware(options)", options, ["accessor"]);
  const accessor = flag("accessor", options.accessor) ?? false;
  return (ctx, next) => {
    const { req, res, request } = ctx;
    const fallback = new ContextFallback(ctx);
    const hold = (visit: Visit): void => holdReply(res, visit, fallback);
    attach(sessions, nodeExchange(req, res), [ctx, request, req], hold);
    if (!accessor) return next();
    return sessions.open(ctx).then((session) => {
      // Assigned by name: `sojourn/koa-session` gives every context a session of its own type.
      Object.assign(ctx, { session });
      return next();
    });
  };
}

type Answering = Pick<ParameterizedContext, "onerror" | "method" | "body">;

/** Hands failures to Koa's error path, which tells the application's `error` event. */
class ContextFallback implements Fallback {
  readonly #ctx: Answering;
  readonly isPrinting = true;
  // Koa ends each response that is left to it, though nobody reads it.
  readonly isAwaited = true;
  readonly plainAnswer: Fallback["plainAnswer"] = plainAnswer;

  constructor(ctx: Answering) {
    this.#ctx = ctx;
  }

  /** Koa answers a HEAD without its body, and listens to none that breaks before the answer is out. */
  beginWait(): void {
    const { method, body } = this.#ctx;
    if (method !== "HEAD" || !(body instanceof Stream)) return;
    body.on("error", (error: Error) => this.#ctx.onerror(error));
  }

  fail(error: unknown): void {
    this.#ctx.onerror(error as Error);
  }
}
