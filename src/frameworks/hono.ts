import type { Context, MiddlewareHandler, Next } from "hono";
import { isOfPage } from "../core/failed-page.ts";
import { attach, internalsOf } from "../core/internals.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { Visit } from "../core/request/visit.ts";
import type { Session } from "../core/session.ts";
import type { Sessions } from "../core/sessions.ts";
import { HonoHead, type ServerBindings } from "./port/hono-head.ts";
import { type WebExchange, webExchange } from "./port/web-exchange.ts";
import { isGivenUp, keep, keepThrown } from "./port/web-reply.ts";

/** How {@link sessionMiddleware} behaves. */
export interface MiddlewareOptions {
  /**
   * Opens the session before the handlers, so that they have it as `c.var.session`. An application that is
   * chained, `new Hono().use(…).get(…)`, knows its type; another says
   * `new Hono<{ Variables: SessionVariables<Shop> }>()`.
   *
   * @defaultValue `false`
   */
  readonly accessor?: boolean | undefined;
}

/** What `accessor: true` adds to a context's variables. */
export interface SessionVariables<D extends object> {
  readonly session: Session<D>;
}

type Managers<D extends object> = Sessions<D> | ((c: Context) => Sessions<D>);

/**
 * Sessions for Hono. `sessions.open` takes the context `c`, `c.req` or `c.req.raw`.
 *
 * A failure goes to `app.onError`; Hono's own answers with the error's status.
 *
 * @param sessions - The manager, or a function that finds it for a request: for bindings that are
 * only known then. Make each manager once and keep it.
 * @throws {@link OptionsError} for what createSessions() has not made, and for an unknown option.
 * @example
 * const app = new Hono().use(sessionMiddleware(sessions));
 * app.get("/", async (c) => {
 *   const session = await sessions.open(c);
 *   return c.text(`Visit ${await session.update("visits", (n) => n + 1)}`);
 * });
 */
export function sessionMiddleware<D extends object>(
  sessions: Managers<D>,
  options: MiddlewareOptions & { readonly accessor: true },
): MiddlewareHandler<{ Variables: SessionVariables<D> }>;
export function sessionMiddleware<D extends object>(
  sessions: Managers<D>,
  options?: MiddlewareOptions,
): MiddlewareHandler;
export function sessionMiddleware<D extends object>(
  sessions: Managers<D>,
  options: MiddlewareOptions = {},
): MiddlewareHandler {
  // A slip is told where it is made, not at the first request.
  if (typeof sessions !== "function") internalsOf(sessions);
  requireKnownKeys("sessionMiddleware(options)", options, ["accessor"]);
  const { accessor: isAccessor = false } = options;
  return async (c, next) => {
    const manager = typeof sessions === "function" ? sessions(c) : sessions;
    const exchange = webExchange(new HonoHead(c));
    const visit = attach(manager, exchange, [c, c.req, c.req.raw, ...shared(manager, c)]);
    if (isAccessor) await openInto(c, manager, visit, exchange);
    // Mounted further out as well, where the response is kept.
    if (!visit.isOf(exchange)) return next();
    if (await isLeft(manager, visit, c, next)) return undefined;
    if (!visit.isOpened) return visit.end();
    try {
      requireAnswer(c);
      replace(c, await keep(visit, exchange, c.res));
    } catch (error) {
      replace(c, await errorBase(visit, exchange, c.res.headers));
      throw error;
    }
  };
}

/** Whether the handlers have given up, as the visitor has left: what they have changed is stored by then. */
async function isLeft(manager: object, visit: Visit, c: Context, next: Next): Promise<boolean> {
  const { attachments } = internalsOf(manager);
  const { raw } = c.req;
  // Middlewares put other requests in the place of the one that came.
  const handling = attachments.follow(visit, c.req);
  try {
    await attachments.run(visit, next);
    return c.error !== undefined && (await isGivenUp(visit, raw, c.error));
  } catch (error) {
    // Hono has a page for an Error alone, and on Node the reason for leaving is a text.
    await isGivenUp(visit, raw, error);
    throw error;
  } finally {
    attachments.leave(handling);
  }
}

/**
 * What the server has of the request, by which another one that it is made into on its way, as by `app.mount`,
 * leads to the same session. Not where a handler has made one of other cookies with it: its own
 * `app.request(path, init, c.env)`.
 */
function shared(manager: object, { env, req }: Context): readonly object[] {
  const { incoming } = (env ?? {}) as ServerBindings;
  if (incoming === undefined) return [];
  const outer = internalsOf(manager).attachments.visitOf([incoming]);
  const isSame = outer === undefined || outer.request.header("cookie") === req.header("cookie");
  return isSame ? [incoming] : [];
}

async function openInto<D extends object>(
  c: Context,
  manager: Sessions<D>,
  visit: Visit,
  exchange: WebExchange,
): Promise<void> {
  try {
    c.set("session", await manager.open(c));
  } catch (error) {
    replace(c, await errorBase(visit, exchange, c.res.headers));
    throw error;
  }
}

/** To read `c.res` makes an empty one, which would then be the answer of a handler that has forgotten its own. */
function requireAnswer(c: Context): void {
  if (c.finalized) return;
  // As Hono says it, which cannot once there is a response with a cookie.
  throw new Error(
    "Context is not finalized. Did you forget to return a Response object or `await next()`?",
  );
}

function replace(c: Context, response: Response): void {
  // Emptied first: Hono would otherwise copy the old headers over the new ones.
  c.res = undefined;
  c.res = response;
}

/**
 * What Hono adds to the response of `app.onError`: the handler's headers, but for those of the body
 * that is not sent, and the cookie of a transition that was done before.
 */
async function errorBase(visit: Visit, exchange: WebExchange, failed: Headers): Promise<Response> {
  const headers = new Headers([...failed].filter(([name]) => !isOfPage(name)));
  return new Response(null, { headers: await keepThrown(visit, exchange, 500, headers) });
}
