import type { IncomingMessage, ServerResponse } from "node:http";
import { internalsOf } from "../core/internals.ts";
import { flag, requireKnownKeys } from "../core/option-checks.ts";
import type { Sessions } from "../core/sessions.ts";
import { attachNode } from "./port/attach-node.ts";

/** Of Adonis' `HttpContext`, what matters here. */
export interface ContextLike {
  readonly request: { readonly request: IncomingMessage };
  readonly response: { readonly response: ServerResponse };
}

/** What `server.use` and `router.use` of Adonis take, once it is imported. */
export interface MiddlewareClass {
  new (): { handle(ctx: ContextLike, next: () => unknown): Promise<unknown> };
}

/** How {@link sessionMiddleware} behaves. */
export interface MiddlewareOptions {
  /**
   * Whether each context has its open session as `ctx.session`; its type is yours to declare, in
   * Adonis' `HttpContext`. It is opened before the middlewares that follow: the store is asked where the
   * visitor brings a cookie, and a failure goes to the exception handler. Leave it out beside
   * `@adonisjs/session`, which has that name for its own.
   *
   * @defaultValue `false`
   */
  readonly accessor?: boolean | undefined;
}

/**
 * Sessions for AdonisJS 7: the class to export by default from a file in `app/middleware`, which
 * `start/kernel.ts` names in `server.use`, first. `sessions.open` takes the `HttpContext`.
 *
 * The response is held until the session is stored. A failure of `sessions.open` goes to the exception
 * handler, with the `status` that the answer should have (503 for an outage, 409 for an ended session);
 * one to store what `set` has gathered is answered plainly, as Adonis has finished by then.
 *
 * @throws {@link OptionsError} for what createSessions() has not made, and for an unknown option.
 * @example
 * // In app/middleware/sojourn_middleware.ts: export default SojournMiddleware
 * const SojournMiddleware = sessionMiddleware(sessions);
 */
export function sessionMiddleware<D extends object>(
  sessions: Sessions<D>,
  options: MiddlewareOptions = {},
): MiddlewareClass {
  // A slip is told where it is made, not at the first request.
  internalsOf(sessions);
  requireKnownKeys("sessionMiddleware(options)", options, ["accessor"]);
  const accessor = flag("accessor", options.accessor) ?? false;
  return class SojournMiddleware {
    async handle(ctx: ContextLike, next: () => unknown): Promise<unknown> {
      attachNode(sessions, ctx.request.request, ctx.response.response, [ctx, ctx.request]);
      if (accessor) Object.assign(ctx, { session: await sessions.open(ctx) });
      return next();
    }
  };
}
