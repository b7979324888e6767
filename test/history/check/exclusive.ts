import type { Deed, Operation, Work } from "../operation.ts";
import type { Life } from "./life.ts";
import type { Lineage } from "./lineage.ts";
import type { Violation } from "./violation.ts";

type Exclusive = Operation & { readonly deed: Extract<Deed, { readonly kind: "exclusive" }> };
type Worked = Exclusive & { readonly work: Work };

/** Whether those who worked on one session did it one after the other, and told it truly. */
export function* checkExclusive(lineages: readonly Lineage[]): Iterable<Violation> {
  for (const { operations } of lineages) {
    const rivals = operations.filter(isExclusive);
    const workers = rivals
      .filter(hasWorked)
      .sort((one, other) => one.work.start - other.work.start);
    yield* checkTurns(workers);
    yield* checkSilence(rivals, workers);
  }
  for (const rivals of familiesOf(lineages)) {
    yield* checkStories(rivals);
    yield* checkResults(rivals);
  }
}

/** What is noted of the work goes along to every session that continues another, also in a fork. */
function familiesOf(lineages: readonly Lineage[]): Iterable<readonly Exclusive[]> {
  const families = new Map<Life, Exclusive[]>();
  for (const { root, operations } of lineages) {
    const family = families.get(root.root) ?? [];
    family.push(...operations.filter(isExclusive));
    families.set(root.root, family);
  }
  return families.values();
}

/** Who begins has the lease: whoever worked just then has lost it, and stores nothing. */
function* checkTurns(workers: readonly Worked[]): Iterable<Violation> {
  let before: Worked | undefined;
  for (const worker of workers) {
    if (before !== undefined && worker.work.start < before.work.end) {
      const isLate = worker.work.previous === "unknown";
      yield {
        rule: isLate ? "a late holder stores nothing" : "one works at a time",
        story: "Another one began while it worked, and its work was acknowledged.",
        operations: [before, worker],
      };
    }
    const isLast = before === undefined || worker.work.end > before.work.end;
    if (worker.outcome === "ok" && isLast) before = worker;
  }
}

/** What one is told of the one before is true of somebody. */
function* checkStories(rivals: readonly Exclusive[]): Iterable<Violation> {
  for (const worker of rivals.filter(hasWorked)) {
    const { previous, intent, start } = worker.work;
    if (previous === undefined) continue;
    const isTrue = rivals.some(
      (rival) =>
        rival !== worker &&
        rival.outcome !== "ok" &&
        rival.start < start &&
        (intent === undefined || rival.deed.value === intent),
    );
    if (isTrue) continue;
    yield {
      rule: "what is told of the one before is true",
      story: `It was told ${previous}, ${String(intent)}, and nobody had come to grief with that.`,
      operations: [worker],
    };
  }
}

/** Who comes after one that did not finish is told. */
function* checkSilence(
  rivals: readonly Exclusive[],
  workers: readonly Worked[],
): Iterable<Violation> {
  for (const [index, worker] of workers.entries()) {
    const before = workers[index - 1];
    if (before === undefined || worker.work.previous !== undefined) continue;
    if (before.outcome !== "failed" || hasOneBetween(before, worker, rivals)) continue;
    yield {
      rule: "who comes after a failure is told",
      story: "The one before it had not finished, and nobody said so.",
      operations: [before, worker],
    };
  }
}

/** Whether another one may have come between the two, and finished. */
function hasOneBetween(before: Worked, after: Worked, rivals: readonly Exclusive[]): boolean {
  return rivals.some((rival) => {
    if (rival === before || rival === after || rival.start > after.work.start) return false;
    // What became of it nobody knows, or it was there and had not come to its work yet.
    return rival.work === undefined ? rival.outcome !== "ok" : rival.work.end > before.start;
  });
}

/** Who did not work has the result of one who worked meanwhile, and sees what that one stored. */
function* checkResults(rivals: readonly Exclusive[]): Iterable<Violation> {
  const byValue = new Map(rivals.map((rival) => [rival.deed.value, rival]));
  for (const rival of rivals) {
    if (rival.outcome !== "ok") continue;
    const holder = byValue.get(String(rival.result));
    if (holder === undefined || !isResultOf(holder, rival)) {
      yield {
        rule: "a result comes from a holder",
        story: "Nobody worked for it at that time.",
        operations: holder === undefined ? [rival] : [holder, rival],
      };
      continue;
    }
    const writer = byValue.get(String(rival.after));
    if (writer === undefined || !isOlder(writer, holder, rival)) continue;
    yield {
      rule: "a result comes with what was stored",
      story: "The session showed what was there before the holder's work.",
      operations: [writer, holder, rival],
    };
  }
}

/** Whether what it saw was there before the holder's work, which wrote the same key. */
function isOlder(writer: Exclusive, holder: Exclusive, rival: Exclusive): boolean {
  // What it looked at is a key of its own, which the holder may have left alone.
  if (holder.deed.key !== rival.deed.key) return false;
  return writer.outcome === "ok" && writer.end < holder.start;
}

function isResultOf(holder: Exclusive, rival: Exclusive): boolean {
  const { work, start, end } = rival;
  if (work !== undefined) return holder === rival;
  if (holder.outcome === "failed" || holder.deed.throws) return false;
  // It has worked itself, or nobody knows, and was not done before the other one read the session.
  const mayHaveWorked = holder.outcome !== "ok" || holder.work !== undefined;
  const isInTime = holder.outcome !== "ok" || holder.end > start;
  return mayHaveWorked && isInTime && holder.start < end;
}

function isExclusive(operation: Operation): operation is Exclusive {
  return operation.deed.kind === "exclusive";
}

function hasWorked(operation: Exclusive): operation is Worked {
  return operation.work !== undefined;
}
