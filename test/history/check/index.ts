import type { History } from "../history.ts";
import { LEASE_MS, type Operation, WAIT_MS } from "../operation.ts";
import { checkCounter } from "./counters.ts";
import { checkDeaths } from "./deaths.ts";
import { checkExclusive } from "./exclusive.ts";
import { livesOf } from "./life.ts";
import { lineagesOf } from "./lineage.ts";
import { checkLists } from "./lists.ts";
import { checkRegisters } from "./registers.ts";
import type { Terms, Violation } from "./violation.ts";

/** A request opens, acts and commits: three waits for the store at the most. */
const WAITS = 3;
/** An `exclusive` also takes its turn, and records its intent. */
const EXCLUSIVE_WAITS = 5;
const EXCLUSIVE_US = (WAIT_MS + LEASE_MS) * 1_000;
/** For a busy machine. */
const MARGIN_US = 3_000_000;

/** Everything that the history breaks, the earliest first. The README explains the rules. */
export function check(history: History, terms: Terms): readonly Violation[] {
  const operations = [...history.operations].sort((one, other) => one.start - other.start);
  const lives = livesOf(operations, terms.mayForget);
  const violations = [
    ...checkRecovery(history),
    ...checkAnswers(operations, terms),
    ...checkDeaths(lives, terms),
    ...checkLists(lives, operations, terms),
  ];
  const lineages = lineagesOf(lives, operations);
  violations.push(...checkExclusive(lineages));
  for (const lineage of lineages) {
    violations.push(...checkRegisters(lineage, terms), ...checkCounter(lineage, terms));
  }
  return violations.sort((one, other) => whenShown(one) - whenShown(other));
}

function* checkRecovery({ lost, casualties }: History): Iterable<Violation> {
  for (const words of casualties) {
    yield { rule: "no process falls by itself", story: words, operations: [] };
  }
  for (const operation of lost) {
    const story = "The store was there again for a long time, and the process did not find it.";
    yield { rule: "an outage passes", story, operations: [operation] };
  }
}

function* checkAnswers(
  operations: readonly Operation[],
  { storeTimeout }: Terms,
): Iterable<Violation> {
  for (const operation of operations) {
    if (operation.outcome === "broken") {
      const story = "It failed with an error that no request should meet.";
      yield { rule: "errors are the library's own", story, operations: [operation] };
    }
    if (operation.end - operation.start > longest(operation, storeTimeout)) {
      const story = "It took longer than its deadlines allow.";
      yield { rule: "every request is answered in time", story, operations: [operation] };
    }
  }
}

function longest({ deed }: Operation, storeTimeout: number): number {
  if (deed.kind !== "exclusive") return WAITS * storeTimeout + MARGIN_US;
  return EXCLUSIVE_WAITS * storeTimeout + EXCLUSIVE_US + MARGIN_US;
}

function whenShown({ operations }: Violation): number {
  return Math.max(...operations.map(({ end }) => end));
}
