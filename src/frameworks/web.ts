import { attach } from "../core/internals.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import { WebHead } from "../core/request-head.ts";
import type { HandleOptions } from "../core/sessions.ts";
import { webExchange } from "./port/web-exchange.ts";
import { respond } from "./port/web-respond.ts";

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
  return respond(sessions, visit, exchange, request, () => handler(request));
}
