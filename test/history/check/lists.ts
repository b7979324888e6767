import type { Operation } from "../operation.ts";
import type { Life, Lives } from "./life.ts";
import type { Terms, Violation } from "./violation.ts";

const RULE = "a user's list is complete and holds no dead";

/** Whether `list` shows who was surely signed in, and nobody who surely no longer was. */
export function* checkLists(
  lives: Lives,
  operations: readonly Operation[],
  terms: Terms,
): Iterable<Violation> {
  for (const list of operations) {
    const { deed, outcome, result } = list;
    if (deed.kind !== "list" || outcome !== "ok" || !Array.isArray(result)) continue;
    const listed = new Set<unknown>(result);
    for (const life of lives.values()) {
      if (life.userId === deed.userId) yield* checkListed(life, list, listed.has(life.id), terms);
    }
  }
}

function* checkListed(
  life: Life,
  list: Operation,
  isListed: boolean,
  { staleness, idleTimeout, mayForget }: Terms,
): Iterable<Violation> {
  const end = life.firstSureEnd;
  if (isListed && end !== undefined && end.end < list.start - staleness) {
    const story = "Its end had been acknowledged, and it was listed.";
    yield { rule: RULE, story, operations: [life.birth, end, list] };
  }
  if (isListed || mayForget || life.mayHaveEnded(list.end)) return;
  const isSure = life.birth.end < list.start - staleness;
  const isIdle = list.end - life.lastActive(list.start) > idleTimeout * 0.85;
  if (!isSure || isIdle) return;
  const story = "It was signed in, nobody had ended it, and it was not listed.";
  yield { rule: RULE, story, operations: [life.birth, list] };
}
