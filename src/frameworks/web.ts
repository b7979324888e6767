import { plainText, SessionError } from "../core/errors.ts";
import { isOfPage } from "../core/failed-page.ts";
import { attach, internalsOf } from "../core/internals.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { Visit } from "../core/request/visit.ts";
import { WebHead } from "../core/request-head.ts";
import type { HandleOptions } from "../core/sessions.ts";
import { type WebExchange, webExchange } from "./port/web-exchange.ts";
import { keep, responseOf } from "./port/web-reply.ts";

/** Runs a web-standard handler with sessions; what `sessions.handle` does. */
export async function handle(
  sessions: object,
  request: Request,
  handler: (request: Request) => Response | Promise<Response>,
  options: HandleOptions = {},
): Promise<Response> {
  requireKnownKeys("handle", options, ["remoteAddress"]);
  const exchange = webExchange(new WebHead(request, options.remoteAddress));
  const visit = attach(sessions, exchange, [request]);
  if (!visit.isOf(exchange)) return handler(request);
  const { attachments } = internalsOf(sessions);
  let page: Response | undefined;
  try {
    page = responseOf("handle(handler)", await attachments.run(visit, () => handler(request)));
    return await keep(visit, exchange, page);
  } catch (error) {
    // A completed signIn or regenerate has ended the old token: its cookie must reach the browser,
    // which it cannot with somebody else's error page.
    if (!(error instanceof SessionError) && !visit.hasCookie) {
      visit.reportAnswered();
      throw error;
    }
    visit.report(error, "answered");
    return await keepFailure(visit, exchange, () => plainResponse(error, page));
  }
}

/** With what the page that failed had of the application's own, such as its security headers. */
function plainResponse(error: unknown, page: Response | undefined): Response {
  const answer =
    error instanceof SessionError
      ? error.getResponse()
      : new Response(plainText(500), { status: 500, headers: { "Cache-Control": "no-store" } });
  for (const [name, value] of page?.headers ?? []) {
    if (!isOfPage(name)) answer.headers.append(name, value);
  }
  return answer;
}

/** The answer to a failure goes out, whatever else fails with it. */
async function keepFailure(
  visit: Visit,
  exchange: WebExchange,
  answer: () => Response,
): Promise<Response> {
  try {
    return await keep(visit, exchange, answer());
  } catch (error) {
    visit.report(error, "answered");
    visit.end();
    // Anew, as a copy's body could not be cancelled without the original's.
    return answer();
  }
}
