import type { Engine } from "../engine.ts";
import type { CrossSiteError } from "../errors.ts";
import type { SessionEvents } from "../events.ts";
import type { RequestHead } from "../exchange.ts";
import { pathOf } from "../report.ts";

type Parts = Pick<Engine, "crossSite" | "events" | "environment">;

/** Why another site's page gets no session with its request; the event `refused` tells of it. */
export function foreignRefusal(parts: Parts, request: RequestHead): CrossSiteError | undefined {
  const refusal = parts.crossSite.refusalOf(request);
  if (refusal !== undefined) tellRefused(parts, request, refusal);
  return refusal;
}

/** Tells listeners of a request that was refused. */
export function tellRefused(
  { events, environment }: Omit<Parts, "crossSite">,
  request: RequestHead,
  { reason, origin }: Pick<SessionEvents["refused"], "reason" | "origin">,
): void {
  const { method, target } = request;
  const event = { at: environment.now(), reason, method, path: pathOf(target), origin };
  events.emit("refused", event, request);
}
