import { excerpt } from "./check/excerpt.ts";
import { check } from "./check/index.ts";
import type { Violation } from "./check/violation.ts";
import type { History } from "./history.ts";
import { IDLE_TIMEOUT_MS, type RunOptions, run, STORE_TIMEOUT_MS } from "./run.ts";
import { subjects } from "./subjects.ts";

/** A run and what it breaks. */
export interface Verdict {
  readonly history: History;
  readonly violations: readonly Violation[];
  /** The first few violations in words; empty if there are none. */
  readonly report: string;
}

const REPORTED = 3;

/** Makes a history, and checks it against what the store's profile promises. */
export async function verify(options: RunOptions): Promise<Verdict> {
  const history = await run(options);
  const { mayForget, stalenessMs } = subjects[options.subject];
  const violations = check(history, {
    mayForget,
    staleness: stalenessMs * 1_000,
    storeTimeout: STORE_TIMEOUT_MS * 1_000,
    idleTimeout: IDLE_TIMEOUT_MS * 1_000,
  });
  const shown = violations.slice(0, REPORTED).map((violation) => excerpt(violation, history));
  return { history, violations, report: shown.join("\n\n") };
}

/** What a run consisted of, in one line. */
export function summary({ operations, troubles }: History): string {
  const outcomes = new Map<string, number>();
  for (const { outcome } of operations) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const counts = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
  const trouble = troubles.map(({ what }) => what).join(", ");
  return `${operations.length} operations (${counts}); ${trouble === "" ? "no trouble" : trouble}`;
}
