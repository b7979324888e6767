import { type Duration, durationMs } from "./duration.ts";
import { factorNames, factorsIn, provedSince } from "./factors.ts";
import { isDoubted } from "./notes.ts";
import { requireKnownKeys } from "./option-checks.ts";
import type { EpochMs, SessionRecord } from "./record.ts";
import type { FreshOptions } from "./session.ts";

/** Whether the user, or each of the factors, was proved within `maxAge` before now. */
export function isFreshAt(
  facts: Pick<SessionRecord, "authenticatedAt" | "notes">,
  maxAge: Duration,
  options: FreshOptions,
  now: EpochMs,
): boolean {
  const ms = durationMs("isFresh(maxAge)", maxAge);
  requireKnownKeys("isFresh", options, ["factors"]);
  const { factors } = options;
  if (isDoubted(facts)) return false;
  const since =
    factors === undefined
      ? facts.authenticatedAt
      : provedSince(factorsIn(facts), factorNames("isFresh(factors)", factors));
  return since !== undefined && now - since < ms;
}
