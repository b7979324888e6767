import { type H3Event, type HTTPError, HTTPResponse, type Middleware, toResponse } from "h3";
import { SessionError } from "../core/errors.ts";
import { isOfPage } from "../core/failed-page.ts";
import { attach, enclose, internalsOf } from "../core/internals.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { Visit } from "../core/request/visit.ts";
import type { Sessions } from "../core/sessions.ts";
import { attachSame } from "./port/attach-same.ts";
import { H3Head } from "./port/h3-head.ts";
import { type IsKept, isMadeForKept, showUnlessKept } from "./port/kept-by-nitro.ts";
import { withOwnStatus } from "./port/serve.ts";
import { type WebExchange, webExchange } from "./port/web-exchange.ts";
import { isGivenUp, keep, keepThrown, keepWhole } from "./port/web-reply.ts";

/** How {@link sessionMiddleware} behaves. */
export interface MiddlewareOptions {
  /**
   * Whether each session is opened before the handlers, and stands in `event.context.session`; its
   * type is yours to declare, in h3's `H3EventContext`.
   *
   * @defaultValue `false`
   */
  readonly accessor?: boolean | undefined;
}

/**
 * Sessions for h3 2, and what is built on it: Nitro 3, SolidStart 2. `sessions.open` takes the event or
 * `event.req`.
 *
 * Mount it before all others: what a handler throws becomes h3's own answer to it, by the
 * application's `onError`, within this middleware, so that the session's cookie goes along.
 *
 * @param sessions - The manager, or a function that finds it for a request: for bindings that are
 * only known then. Make each manager once and keep it.
 * @throws {@link OptionsError} for what createSessions() has not made, and for an unknown option.
 * @example
 * const app = new H3().use(sessionMiddleware(sessions));
 * app.get("/", async (event) => {
 *   const session = await sessions.open(event);
 *   return `Visit ${await session.update("visits", (n) => n + 1)}`;
 * });
 */
export function sessionMiddleware<D extends object>(
  sessions: Sessions<D> | ((event: H3Event) => Sessions<D>),
  options: MiddlewareOptions = {},
): Middleware {
  // A slip is told where it is made, not at the first request.
  if (typeof sessions !== "function") internalsOf(sessions);
  requireKnownKeys("sessionMiddleware(options)", options, ["accessor"]);
  const { accessor = false } = options;
  return (event, next) => {
    const manager = typeof sessions === "function" ? sessions(event) : sessions;
    const { req } = event;
    const aliases = [event, req];
    const isKept = (): boolean => isNarrowed(event.req, req);
    const handle = accessor ? () => openFirst(manager, event, isKept).then(next) : next;
    const isInner = isSelfMade(event) && !isMadeForKept(manager, req);
    if (isInner && attachSame(manager, () => req.headers.get("cookie"), aliases)) {
      internalsOf(manager).attachments.screen(event, isKept);
      return handle();
    }
    const exchange = webExchange(new H3Head(event));
    const visit = attach(manager, exchange, aliases);
    visit.isForEverybody = isKept;
    internalsOf(manager).attachments.screen(event, isKept);
    // Mounted further out as well, where the response is kept.
    if (!visit.isOf(exchange)) return handle();
    return answered(visit, exchange, event, () => enclose(manager, visit, handle));
  };
}

async function openFirst<D extends object>(
  manager: Sessions<D>,
  event: H3Event,
  isKept: IsKept,
): Promise<void> {
  showUnlessKept(event.context, await manager.open(event), isKept);
}

/**
 * To a handler whose answer it keeps Nitro shows another request, with what few headers may matter. Not by
 * what is missing: whoever sends no others would be known.
 */
function isNarrowed(now: Request, came: Request): boolean {
  return now !== came && now.headers !== came.headers;
}

/** A request that came over no socket may be the application's own, made inside another one. */
function isSelfMade({ req }: H3Event): boolean {
  return req.runtime === undefined;
}

/** What h3 is to make the response of: as it was made, where nobody has opened the session. */
async function answered(
  visit: Visit,
  exchange: WebExchange,
  event: H3Event,
  handle: () => unknown,
): Promise<unknown> {
  const { req } = event;
  let made: unknown;
  try {
    made = await handle();
  } catch (error) {
    if (await isGivenUp(visit, req, error)) throw error;
    if (visit.isOpened || error instanceof SessionError) {
      return kept(visit, exchange, event, Promise.reject(error));
    }
    visit.end();
    throw error;
  }
  if (visit.isOpened) return kept(visit, exchange, event, made);
  visit.end();
  return made;
}

/** The response to what a handler has made or thrown, once its session is stored. */
async function kept(
  visit: Visit,
  exchange: WebExchange,
  event: H3Event,
  made: unknown,
): Promise<Response> {
  const { response, isWhole } = await answer(visit, event, made);
  try {
    return await (isWhole ? keepWhole : keep)(visit, exchange, response);
  } catch (error) {
    const { response: page } = await answer(visit, event, Promise.reject(error));
    protect(page.headers, response.headers);
    await keepThrown(visit, exchange, page.status, page.headers);
    return page;
  }
}

/** What protects the visitor, and the application's own cookies, belong to every answer. */
function protect(headers: Headers, failed: Headers): void {
  for (const [name, value] of failed) {
    if (name === "set-cookie") headers.append(name, value);
    else if (!isOfPage(name) && !headers.has(name)) headers.set(name, value);
  }
}

/** What h3 has made for an event. */
interface Answer {
  readonly response: Response;
  /** Whether its body is there in one piece, and nobody else has it: it needs no copy. */
  readonly isWhole: boolean;
}

/** As h3 answers, but for the application's `onResponse`, which h3 calls once, at the end. */
async function answer(visit: Visit, event: H3Event, made: unknown): Promise<Answer> {
  const { onResponse: _, ...config } = event.app?.config ?? {};
  const { onError } = config;
  let isWhole = isPlain(made);
  const pageFor = async (...failed: [HTTPError, H3Event]): Promise<unknown> => {
    const page = (await onError?.(...failed)) ?? (isReplaced() ? h3Page(failed[0]) : undefined);
    isWhole = page instanceof Response || isPlain(page);
    return page instanceof Response ? wholeCopy(page) : page;
  };
  const isAsked = onError !== undefined || isReplaced();
  const own = isAsked ? { ...config, onError: pageFor } : config;
  return {
    response: withOwnStatus(visit, recognised(await toResponse(made, event, own))),
    isWhole,
  };
}

/**
 * Whether another library has put a class of its own in the place of the runtime's, as @hono/node-server
 * does: h3's responses may be none of it then, and h3 would answer the text of the object, with 200.
 */
function isReplaced(): boolean {
  return Object.getPrototypeOf(Response.prototype) !== Object.prototype;
}

/** What h3 has made, as h3 takes it for a response. */
function recognised(made: object): Response {
  if (made instanceof Response) return made;
  const response = made as Response;
  return new Response(response.body, response);
}

/** As h3 answers an error. */
function h3Page(error: HTTPError): Response {
  const { status, statusText = "", headers } = error;
  return Response.json(error, { status, statusText, headers: new Headers(headers) });
}

/** A copy, as the application may keep its page for other visitors. */
async function wholeCopy(page: Response): Promise<Response> {
  if (page.body === null) return new Response(null, page);
  const body = await page.arrayBuffer();
  const copy = new Response(body, page);
  copy.headers.set("Content-Length", String(body.byteLength));
  return copy;
}

/** Whether h3 makes a body of it that is there in one piece. What is thrown comes as a promise. */
function isPlain(made: unknown): boolean {
  if (typeof made !== "object" || made === null) return true;
  if (made instanceof HTTPResponse) return isPlain(made.body);
  if (made instanceof Error || made instanceof Promise || Array.isArray(made)) return true;
  const prototype: unknown = Object.getPrototypeOf(made);
  return prototype === Object.prototype || prototype === Uint8Array.prototype;
}
