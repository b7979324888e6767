import type { Visit } from "../../core/request/visit.ts";
import { leaveCookies } from "./next-cookies.ts";
import type { NextJar } from "./next-head.ts";
import type { WebExchange } from "./web-exchange.ts";
import { respond } from "./web-respond.ts";

/** A request of Next's, and who answers it. */
export interface Held {
  readonly visit: Visit;
  readonly exchange: WebExchange;
  /** What leads to its session. */
  readonly subject: object;
  readonly jar: NextJar | undefined;
}

/** Runs a server action, and sets its cookies before Next goes on with what it returns or throws. */
export async function act(held: Held, run: () => Promise<unknown>): Promise<unknown> {
  let result: unknown;
  try {
    result = await run();
  } catch (error) {
    await leave(held, statusOf(error) ?? 500);
    throw error;
  }
  await leave(held, 200);
  return result;
}

/** @throws what the commit throws, in place of what the action came to; what it has done is left. */
async function leave(held: Held, status: number): Promise<void> {
  const { visit, exchange, jar } = held;
  if (!visit.isOpened) return visit.end();
  const headers = new Headers();
  exchange.answerWith(headers);
  try {
    await visit.beforeHeaders(status);
  } catch (error) {
    if (status >= 500) return;
    visit.report(error, "answered", true);
    await visit.beforeHeaders(500);
    throw error;
  } finally {
    visit.end();
    leaveCookies(headers, jar);
  }
}

/**
 * Answers a request by a route handler, or by `proxy.ts`. A `redirect()` is thrown on, with the cookie
 * where Next takes it along; for `notFound()` and its like, where it does not, with the answer that Next
 * gives.
 */
export async function answer(
  sessions: object,
  held: Held,
  run: () => Promise<unknown>,
): Promise<unknown> {
  const { visit, exchange, jar } = held;
  let redirect: { readonly error: unknown; readonly page: Response } | undefined;
  const handler = async (): Promise<Response> => {
    try {
      return (await run()) as Response;
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined) throw error;
      const page = new Response(null, { status });
      if (status < 400) redirect = { error, page };
      return page;
    }
  };
  const response = await respond(sessions, visit, exchange, undefined, handler);
  if (redirect === undefined || response.status !== redirect.page.status) return told(response);
  leaveCookies(response.headers, jar);
  throw redirect.error;
}

/** What a proxy lets pass or rewrites: Next shows the rest of the request its cookies by this header. */
function told(response: Response): Response {
  const { headers } = response;
  const goesOn = headers.has("x-middleware-next") || headers.has("x-middleware-rewrite");
  const lines = headers.getSetCookie();
  if (goesOn && lines.length > 0) headers.set("x-middleware-set-cookie", lines.join(","));
  return response;
}

/** The status that Next answers for what it is told by throwing; `undefined` for any other error. */
function statusOf(error: unknown): number | undefined {
  const { digest } = Object(error) as { readonly digest?: unknown };
  if (typeof digest !== "string" || !/^NEXT_(?:REDIRECT|HTTP_ERROR_FALLBACK);/.test(digest)) {
    return undefined;
  }
  // In an action, where `redirect` writes none of its own, as in a route handler.
  return Number(/;(\d{3});?$/.exec(digest)?.[1] ?? 307);
}
