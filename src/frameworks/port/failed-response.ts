import { plainText, SessionError } from "../../core/errors.ts";
import { isOfPage } from "../../core/failed-page.ts";
import type { Visit } from "../../core/request/visit.ts";
import type { WebExchange } from "./web-exchange.ts";
import { keep } from "./web-reply.ts";

/**
 * A plain answer to a failure, with what the page that failed had of the application's own, such as its
 * security headers.
 */
export function failedResponse(error: unknown, page: Response | undefined): Response {
  const answer =
    error instanceof SessionError
      ? error.getResponse()
      : new Response(plainText(500), { status: 500, headers: { "Cache-Control": "no-store" } });
  return withHeadersOf(page, answer);
}

/** An answer to a failure, with the headers of the page that failed which are not the page's own. */
export function withHeadersOf(page: Response | undefined, answer: Response): Response {
  for (const [name, value] of page?.headers ?? []) {
    if (!isOfPage(name)) answer.headers.append(name, value);
  }
  return answer;
}

/** The answer to a failure goes out, whatever else fails with it: a plain one then. */
export async function keepFailure(
  visit: Visit,
  exchange: WebExchange,
  answer: Response,
  plain: () => Response,
): Promise<Response> {
  try {
    return await keep(visit, exchange, answer);
  } catch (error) {
    visit.report(error, "answered");
    visit.end();
    // Anew, as a copy's body could not be cancelled without the original's.
    return plain();
  }
}
