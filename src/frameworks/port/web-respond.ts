import { SessionError } from "../../core/errors.ts";
import { internalsOf } from "../../core/internals.ts";
import type { Visit } from "../../core/request/visit.ts";
import { failedResponse, keepFailure } from "./failed-response.ts";
import type { WebExchange } from "./web-exchange.ts";
import { isGivenUp, keep, responseOf } from "./web-reply.ts";

/** The handler's response, once its session is stored; in its place a plain answer, where it cannot be. */
export async function respond(
  sessions: object,
  visit: Visit,
  exchange: WebExchange,
  request: Request | undefined,
  handler: () => Response | Promise<Response>,
): Promise<Response> {
  const { attachments } = internalsOf(sessions);
  let page: Response | undefined;
  try {
    page = responseOf("handle(handler)", await attachments.run(visit, handler));
    return await keep(visit, exchange, page);
  } catch (error) {
    if (await isGivenUp(visit, request, error)) throw error;
    // A completed signIn or regenerate has ended the old token: its cookie must reach the browser,
    // which it cannot with somebody else's error page.
    if (!(error instanceof SessionError) && !visit.hasCookie) {
      visit.reportAnswered();
      throw error;
    }
    visit.report(error, "answered");
    const plain = (): Response => failedResponse(error, page);
    return await keepFailure(visit, exchange, plain(), plain);
  }
}
