import type { Operation } from "../operation.ts";
import type { Lineage } from "./lineage.ts";
import type { Terms, Violation } from "./violation.ts";

const RULE = "counters are exact";

interface Sight {
  readonly value: number;
  readonly from: number;
  readonly to: number;
  readonly by: Operation;
  readonly isAdd: boolean;
}

/** Whether every acknowledged addition counts once, and no other more than once. */
export function* checkCounter(lineage: Lineage, terms: Terms): Iterable<Violation> {
  const sights = sightsOf(lineage, terms);
  yield* checkDistinct(sights);
  yield* checkOrder(sights);
  yield* checkBounds(lineage, sights);
}

function sightsOf({ operations }: Lineage, { staleness }: Terms): readonly Sight[] {
  const sights: Sight[] = [];
  for (const by of operations) {
    const { seen, deed, outcome, start, opened, end, result } = by;
    if (seen?.condition === "live") {
      const value = Number(seen.values["count"] ?? 0);
      sights.push({ value, from: start - staleness, to: opened, by, isAdd: false });
    }
    if (deed.kind === "add" && outcome === "ok") {
      sights.push({ value: Number(result), from: opened, to: end, by, isAdd: true });
    }
  }
  return sights;
}

function* checkDistinct(sights: readonly Sight[]): Iterable<Violation> {
  const adds = new Map<number, Operation>();
  for (const { isAdd, value, by } of sights) {
    if (!isAdd) continue;
    const before = adds.get(value);
    adds.set(value, by);
    if (before === undefined) continue;
    const story = `Two additions were both told ${value}.`;
    yield { rule: RULE, story, operations: [before, by] };
  }
}

/** What begins after another is done finds at least its value; an addition finds more. */
function* checkOrder(sights: readonly Sight[]): Iterable<Violation> {
  const byStart = [...sights].sort((one, other) => one.from - other.from);
  const highestBefore = highestOf(sights);
  for (const sight of byStart) {
    const highest = highestBefore(sight.from);
    if (highest === undefined) continue;
    const isLess = sight.value < highest.value || (sight.isAdd && sight.value === highest.value);
    if (!isLess) continue;
    const story = `The count had been ${highest.value}, and was ${sight.value} later.`;
    yield { rule: RULE, story, operations: [highest.by, sight.by] };
  }
}

/** Finds the highest value among those that were done before a time; the times must rise. */
function highestOf(sights: readonly Sight[]): (time: number) => Sight | undefined {
  const byEnd = [...sights].sort((one, other) => one.to - other.to);
  let done = 0;
  let highest: Sight | undefined;
  return (time) => {
    for (let next = byEnd[done]; next !== undefined && next.to < time; next = byEnd[done]) {
      if (highest === undefined || next.value > highest.value) highest = next;
      done += 1;
    }
    return highest;
  };
}

/** Not less than what was acknowledged before, not more than what may have happened since. */
function* checkBounds(lineage: Lineage, sights: readonly Sight[]): Iterable<Violation> {
  const adds = lineage.operations.filter(({ deed }) => deed.kind === "add");
  const acknowledged = adds.filter(({ outcome }) => outcome === "ok");
  const possible = adds.filter(({ outcome }) => outcome !== "failed");
  const ends = acknowledged.map(({ end }) => end).sort((one, other) => one - other);
  const starts = possible.map(({ start }) => start).sort((one, other) => one - other);
  for (const { value, from, to, by } of sights) {
    const least = countBelow(ends, from);
    // What another branch of a fork had counted is not known here.
    const most = lineage.isFork ? Number.POSITIVE_INFINITY : countBelow(starts, to);
    if (value >= least && value <= most) continue;
    const story =
      value < least
        ? `${least} additions had been acknowledged, and the count was ${value}.`
        : `At most ${most} additions had begun, and the count was ${value}.`;
    const others = adds.filter(({ end }) => end < from).slice(-3);
    yield { rule: RULE, story, operations: [...others, by] };
  }
}

/** How many of the sorted times are before `time`. */
function countBelow(times: readonly number[], time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
