import { absoluteEndOf } from "../clocks.ts";
import type { Engine } from "../engine.ts";
import type { Exchange } from "../exchange.ts";
import type { Farewell, Passage } from "../passage.ts";
import { addVary, forbidSharing, forbidStoring } from "./caching.ts";
import { CONSEQUENCES, cookieFor, outcomeOf } from "./outcome.ts";
import type { SessionState } from "./session-state.ts";

/** What the browser is told of its cookie, by what the session is when all is stored that will be. */
export function cookieOf(state: SessionState): Farewell["cookie"] {
  const outcome = outcomeOf(state.condition, "none", true);
  return cookieFor(CONSEQUENCES[outcome], state);
}

/**
 * Writes what a response says of its session: the cookie, and what caches must know.
 *
 * @param isMisplaced - Whether the cookie may come from a place where it would be expired as stale.
 */
export function writeFarewell(
  engine: Engine,
  exchange: Exchange,
  passage: Passage,
  state: SessionState,
  isMisplaced: boolean,
): void {
  const { reply } = exchange;
  const { facts, token } = state;
  addVary(reply, engine.carrier.vary);
  const cookie = cookieOf(state);
  const stale = passage.hasSurplus ? staleBeside(cookie, state) : "none";
  const isAtRisk = stale !== "none" && isMisplaced && cookie === "keep";
  const farewell: Farewell = {
    cookie: isAtRisk ? "send" : cookie,
    token,
    maxAgeMs: facts.persistent ? absoluteEndOf(facts) - engine.environment.now() : undefined,
    stale,
  };
  // CVE-2023-30861: a cached response would hand one visitor's session to the next.
  if (passage.leave(farewell) || state.holdsSecret) forbidStoring(reply);
  else if (state.wasSignedIn) forbidSharing(reply, engine.cacheControl);
  const { condition, record, hasSignedOut } = state;
  engine.protections?.leaving?.({ engine, exchange, condition, record, hasSignedOut });
}

/** What the browser is to forget of what it holds beside the session's own. */
function staleBeside(cookie: Farewell["cookie"], { condition }: SessionState): Farewell["stale"] {
  if (cookie === "expire") return "all";
  return condition === "live" ? "surplus" : "none";
}
