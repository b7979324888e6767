import type { Operation } from "../operation.ts";
import type { Life, Lives } from "./life.ts";

/**
 * What one visitor's data lives through: the sessions that followed each other by new tokens. The
 * old token dies when the new one is given, so together they are one object. Where the old one's
 * end was not acknowledged both may be alive, and the new one begins a lineage of its own with
 * whatever the old one held then.
 */
export interface Lineage {
  readonly root: Life;
  /** Whether it began as a copy of another that may still be alive. */
  readonly isFork: boolean;
  /** Requests that saw it alive, or may have written to it. */
  readonly operations: Operation[];
}

export function lineagesOf(lives: Lives, operations: readonly Operation[]): readonly Lineage[] {
  const lineages = new Map<Life, Lineage>();
  const lineageOf = (life: Life): Lineage => {
    const root = rootOf(life);
    const known = lineages.get(root);
    if (known !== undefined) return known;
    const lineage = { root, isFork: root.parent !== undefined, operations: [] };
    lineages.set(root, lineage);
    return lineage;
  };
  for (const operation of operations) {
    const life = lives.get(idWrittenTo(operation) ?? "");
    if (life !== undefined) lineageOf(life).operations.push(operation);
  }
  return [...lineages.values()];
}

function rootOf(life: Life): Life {
  return life.parent !== undefined && life.isSettled ? rootOf(life.parent) : life;
}

/** A request without a session makes one by its first write. */
function idWrittenTo({ seen, sent, given }: Operation): string | undefined {
  if (seen === undefined || seen.condition === "live") return sent;
  return seen.condition === "new" ? given : undefined;
}
