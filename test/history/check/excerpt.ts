import type { History } from "../history.ts";
import type { Operation, View } from "../operation.ts";
import type { Violation } from "./violation.ts";

/** A violation in words, with the lines of the history that show it. */
export function excerpt(violation: Violation, history: History): string {
  const zero = Math.min(...history.operations.map(({ start }) => start));
  const shown = [...new Set(violation.operations)].sort((one, other) => one.start - other.start);
  // Of a story without operations nothing else is shown.
  const from = Math.min(...shown.map(({ start }) => start));
  const to = Math.max(...shown.map(({ end }) => end));
  const troubles = history.troubles
    .filter(({ start, end }) => end >= from && start <= to)
    .map(({ start, end, what }) => ({ start, text: `${times(start, end, zero)}  ${what}` }));
  const lines = [
    ...shown.map((operation) => ({ start: operation.start, text: line(operation, zero) })),
    ...troubles,
  ].sort((one, other) => one.start - other.start);
  const { rule, story } = violation;
  return [`${rule} (seed ${history.seed}): ${story}`, ...lines.map(({ text }) => text)].join(
    "\n  ",
  );
}

function line(operation: Operation, zero: number): string {
  const { start, end, actor, process, sent, seen, outcome, result, given, error } = operation;
  const parts = [
    times(start, end, zero),
    `${actor} at process ${process}`,
    sent === undefined ? "without a cookie" : `with ${short(sent)}`,
    seen === undefined ? "" : saw(seen),
    did(operation, zero),
    `-> ${outcome}${result === undefined ? "" : ` ${results(result)}`}`,
    given === undefined ? "" : `and is given ${short(given)}`,
    error === undefined ? "" : `[${error.split("\n").slice(0, 3).join(" ")}]`,
  ];
  return parts.filter((part) => part !== "").join("  ");
}

function times(start: number, end: number, zero: number): string {
  const ms = (time: number): string => ((time - zero) / 1_000).toFixed(1).padStart(7);
  return `${ms(start)} to ${ms(end)} ms`;
}

function saw({ condition, userId, values }: View): string {
  if (condition !== "live") return `sees it ${condition}`;
  return `sees ${userId ?? "nobody"}'s ${JSON.stringify(values)}`;
}

function did(operation: Operation, zero: number): string {
  const { deed } = operation;
  switch (deed.kind) {
    case "set":
      return `sets ${deed.key} to ${deed.value} ${deed.when}`;
    case "exclusive":
      return `exclusive for ${deed.key} to be ${deed.value}${worked(operation, zero)}`;
    case "delete":
    case "consume":
      return `${deed.kind}s ${deed.key}`;
    case "revokeAll":
      if (deed.except !== undefined) return `revokeAll ${deed.userId} but ${short(deed.except)}`;
      return `revokeAll ${deed.userId}`;
    case "signIn":
    case "list":
      return `${deed.kind} ${deed.userId}`;
    case "revoke":
      return `revokes ${short(deed.id)}`;
    default:
      return deed.kind;
  }
}

function worked({ work, after }: Operation, zero: number): string {
  const found = after === undefined ? "" : `, and finds ${String(after)}`;
  if (work === undefined) return `, does not work${found}`;
  const told = work.previous === undefined ? "" : `, told ${work.previous} ${String(work.intent)}`;
  return `, works from ${times(work.start, work.end, zero).trim()}${told}${found}`;
}

function results(result: unknown): string {
  return Array.isArray(result) ? `[${result.map(short).join(" ")}]` : String(result);
}

/** Enough of an id to tell it from the others of a run. */
function short(id: string): string {
  return id.slice(0, 9);
}
