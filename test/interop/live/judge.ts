import { type Change, type Done, LIST } from "./operations.ts";

/** What both sides show in the end. */
export type Values = Readonly<Record<string, unknown>>;

/** What has become of the changes. */
export interface Judgement {
  /** What is gone though no other side can have undone it: each is a fault of ours. */
  readonly ours: readonly string[];
  /** What Python has undone, as it writes whole what it had read before. */
  readonly pythons: readonly string[];
}

/**
 * Tells which acknowledged changes are not there in the end, and whose doing that can be. Python
 * undoes what was acknowledged while one of its own writes was under way. Nothing else can.
 */
export function judge(done: readonly Done[], values: Values): Judgement {
  const deleted = new Set(
    done.flatMap(({ change }) => (change.kind === "delete" ? change.key : [])),
  );
  const undone = done.filter(({ change }) => isUndone(change, values, deleted));
  const isPythons = (each: Done): boolean => done.some((other) => isOverwriting(other, each));
  return {
    ours: undone.filter((each) => !isPythons(each)).map(described),
    pythons: undone.filter(isPythons).map(described),
  };
}

function isUndone(change: Change, values: Values, deleted: ReadonlySet<string>): boolean {
  switch (change.kind) {
    case "set":
      return !deleted.has(change.key) && values[change.key] !== change.value;
    case "delete":
      return change.key in values;
    case "append":
      return !(values[LIST] as readonly unknown[] | undefined)?.includes(change.item);
    default:
      return change satisfies never;
  }
}

function isOverwriting(other: Done, lost: Done): boolean {
  const isAtOnce = other.from < lost.to && lost.from < other.to;
  return other !== lost && other.side === "python" && isAtOnce;
}

function described({ side, change, from, to }: Done): string {
  return `${side} ${JSON.stringify(change)} ${from.toFixed(1)}–${to.toFixed(1)}`;
}
