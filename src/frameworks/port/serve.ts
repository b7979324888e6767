import { SessionError } from "../../core/errors.ts";
import { attach, attachInner, enclose, internalsOf } from "../../core/internals.ts";
import type { RequestHolder } from "../../core/request/attachments.ts";
import type { Visit } from "../../core/request/visit.ts";
import { WebHead } from "../../core/request-head.ts";
import { failedResponse, keepFailure, withHeadersOf } from "./failed-response.ts";
import { type WebExchange, webExchange } from "./web-exchange.ts";
import { isGivenUp, keep, keepThrown, responseOf } from "./web-reply.ts";

/** What an adapter for a framework of `Request` and `Response` knows beside these two. */
export interface Serving {
  /** What else its handlers may pass to `sessions.open`, beside the request. */
  readonly aliases?: readonly object[] | undefined;
  /** Where the framework keeps the request that it is handling, whichever it is by now. */
  readonly holder?: RequestHolder | undefined;
  /** The address at the other end of the socket. */
  readonly remoteAddress?: string | undefined;
  /** Whether the connection is encrypted; as the request's URL says where left out. */
  readonly isEncrypted?: boolean | undefined;
  /**
   * Whether the framework makes this request itself, while it handles another one: then both share a
   * session. Left out where it never does.
   */
  readonly isInner?: boolean | undefined;
  /**
   * Answers for a failure in the framework's place, where that would answer with another status or
   * would lose the session's cookie. The failure is logged then; without an answer it is thrown on.
   */
  readonly answer?:
    | ((error: unknown, visit: Visit) => Response | Promise<Response | undefined> | undefined)
    | undefined;
  /**
   * Whether the framework prints an error of ours that it answers for. Where it does not, it is ours to
   * say.
   *
   * @defaultValue `true`
   */
  readonly isPrinting?: boolean | undefined;
  /** What the framework answers for an error that is thrown to it, and how headers get there. */
  readonly onThrown?:
    | ((error: unknown) => { readonly status: number; leave(headers: Headers): void })
    | undefined;
}

/**
 * Runs the rest of a framework's handling with sessions. Whatever it throws is thrown on, so that the
 * application's own error page is shown; what a session has become by then is stored, and its cookie
 * goes along. Where the framework gives a handler up as the visitor has left, the handler may go on, and
 * what it changes is stored.
 *
 * @param next - Resolves to the response that the framework is about to send.
 * @throws what `next` throws, and what the commit throws.
 */
export async function serve(
  sessions: object,
  request: Request,
  next: () => Response | Promise<Response>,
  serving: Serving = {},
): Promise<Response> {
  const aliases = [request, ...(serving.aliases ?? [])];
  if (serving.isInner === true && attachInner(sessions, aliases)) return next();
  const exchange = webExchange(new WebHead(request, serving.remoteAddress, serving.isEncrypted));
  const visit = attach(sessions, exchange, aliases);
  if (!visit.isOf(exchange)) return next();
  let page: Response | undefined;
  try {
    page = responseOf("next", await run(sessions, visit, next, serving));
    const response = withOwnStatus(visit, page);
    if (response.status >= 500) reportUnprinted(visit, visit.failure, serving);
    return await keep(visit, exchange, response);
  } catch (error) {
    if (await isGivenUp(visit, request, error)) throw error;
    return answered(error, { visit, exchange, page, serving });
  }
}

/** What a failure is answered with, or left to the framework with. */
interface Failing {
  readonly visit: Visit;
  readonly exchange: WebExchange;
  readonly page: Response | undefined;
  readonly serving: Serving;
}

async function answered(error: unknown, failing: Failing): Promise<Response> {
  const settled = await settle(error, failing);
  if (!(settled instanceof Left)) return settled;
  if (settled.error === error || failing.serving.answer === undefined) throw settled.error;
  // What was to be stored with a thrown redirect could not be.
  const again = await settle(settled.error, failing, settled.headers);
  if (again instanceof Left) throw again.error;
  return again;
}

/** @param told - What an answer is to carry beside its own. */
async function settle(error: unknown, failing: Failing, told?: Headers): Promise<Response | Left> {
  const { visit, exchange, page, serving } = failing;
  const answer = await serving.answer?.(error, visit);
  if (answer === undefined) return leftToFramework(visit, exchange, error, serving);
  for (const line of told?.getSetCookie() ?? []) answer.headers.append("Set-Cookie", line);
  visit.report(error, "answered");
  const plain = (): Response => failedResponse(error, page);
  return keepFailure(visit, exchange, withHeadersOf(page, answer), plain);
}

/** What is thrown on to the framework. */
class Left {
  readonly error: unknown;
  /** The cookie, and what caches must know, of what is stored by then. */
  readonly headers: Headers;

  constructor(error: unknown, headers: Headers) {
    this.error = error;
    this.headers = headers;
  }
}

async function run(
  sessions: object,
  visit: Visit,
  next: () => Response | Promise<Response>,
  { holder, isInner }: Serving,
): Promise<Response> {
  const { attachments } = internalsOf(sessions);
  const handling = holder && attachments.follow(visit, holder);
  try {
    return await (isInner === undefined
      ? attachments.run(visit, next)
      : enclose(sessions, visit, next));
  } finally {
    if (handling !== undefined) attachments.leave(handling);
  }
}

function reportUnprinted(visit: Visit, error: unknown, { isPrinting = true }: Serving): void {
  if (!isPrinting && error instanceof SessionError) visit.report(error, "answered");
}

/** Puts the cookie onto the framework's page for what was thrown. */
async function leftToFramework(
  visit: Visit,
  exchange: WebExchange,
  thrown: unknown,
  serving: Serving,
): Promise<Left> {
  reportUnprinted(visit, thrown, serving);
  const headers = new Headers();
  const page = serving.onThrown?.(thrown);
  try {
    await keepThrown(visit, exchange, page?.status ?? 500, headers);
  } catch (failure) {
    serving.onThrown?.(failure).leave(headers);
    return new Left(failure, headers);
  }
  page?.leave(headers);
  return new Left(thrown, headers);
}

/** Many frameworks answer 500 for every error that is not of their own kind: an outage is a 503. */
export function withOwnStatus(visit: Visit, response: Response): Response {
  const { failure } = visit;
  const isOurs = failure instanceof SessionError && failure.status !== 500;
  if (response.status !== 500 || !isOurs) return response;
  const { headers, body } = response;
  return new Response(body, { headers, status: failure.status });
}
