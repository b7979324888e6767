import { SessionError } from "../../core/errors.ts";
import { attach, attachInner, enclose, internalsOf } from "../../core/internals.ts";
import type { Visit } from "../../core/request/visit.ts";
import { WebHead } from "../../core/request-head.ts";
import { webExchange } from "./web-exchange.ts";
import { keep, keepThrown, responseOf } from "./web-reply.ts";

/** What an adapter for a framework of `Request` and `Response` knows beside these two. */
export interface Serving {
  /** What else its handlers may pass to `sessions.open`, beside the request. */
  readonly aliases?: readonly object[] | undefined;
  /** The address at the other end of the socket. */
  readonly remoteAddress?: string | undefined;
  /**
   * Whether the framework makes this request itself, while it handles another one: then both share a
   * session. Left out where it never does.
   */
  readonly isInner?: boolean | undefined;
  /** What the framework answers for an error that is thrown to it, and how headers get there. */
  readonly onThrown?:
    | ((error: unknown) => { readonly status: number; leave(headers: Headers): void })
    | undefined;
}

/**
 * Runs the rest of a framework's handling with sessions. Whatever it throws is thrown on, so that the
 * application's own error page is shown; what a session has become by then is stored, and its cookie
 * goes along.
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
  const exchange = webExchange(new WebHead(request, serving.remoteAddress));
  const visit = attach(sessions, exchange, aliases);
  if (!visit.isOf(exchange)) return next();
  try {
    const running =
      serving.isInner === undefined
        ? internalsOf(sessions).attachments.run(visit, next)
        : enclose(sessions, visit, next);
    return await keep(visit, exchange, withOwnStatus(visit, responseOf("next", await running)));
  } catch (error) {
    const page = serving.onThrown?.(error);
    const headers = await keepThrown(visit, exchange, page?.status ?? 500);
    page?.leave(headers);
    throw error;
  }
}

/** Many frameworks answer 500 for every error that is not of their own kind: an outage is a 503. */
function withOwnStatus(visit: Visit, response: Response): Response {
  const { failure } = visit;
  const isOurs = failure instanceof SessionError && failure.status !== 500;
  if (response.status !== 500 || !isOurs) return response;
  const { headers, body } = response;
  return new Response(body, { headers, status: failure.status });
}
