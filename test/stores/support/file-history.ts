import { isDeepStrictEqual } from "node:util";
import type { SessionRecord, StoredSession, Tombstone } from "../../../src/core/record.ts";
import type { Seen, SilentStore, StoreCall } from "../../../src/core/store.ts";
import type { CommitId, SessionId } from "../../../src/core/token.ts";

/** A call on the one session of a history. */
export type Operation =
  | { readonly kind: "load"; readonly id: SessionId }
  | { readonly kind: "create"; readonly record: SessionRecord }
  | { readonly kind: "update"; readonly record: SessionRecord; readonly expected: CommitId }
  | { readonly kind: "end"; readonly tombstone: Tombstone; readonly expected: CommitId | undefined }
  | { readonly kind: "touch"; readonly id: SessionId; readonly seen: Seen }
  | { readonly kind: "sweep" };

/** A call as it went; without an answer where its writer crashed. */
export interface Event {
  readonly operation: Operation;
  readonly now: number;
  readonly began: number;
  ended: number;
  answer: unknown;
}

/** Carries an operation out. */
export function perform(
  store: SilentStore,
  operation: Operation,
  call: StoreCall,
): Promise<unknown> {
  switch (operation.kind) {
    case "load":
      return store.load(operation.id, call);
    case "create":
      return store.create(operation.record, call);
    case "update":
      return store.update(operation.record, operation.expected, call);
    case "end":
      return store.end(operation.tombstone, operation.expected, call);
    case "touch":
      return store.touch(operation.id, operation.seen, call);
    case "sweep":
      return store.expiry.deleteExpired(call);
  }
}

type State = StoredSession | undefined;

/** Whether the calls can have happened one after the other, each at a moment while it ran. */
export function isSequential(events: readonly Event[], first: State, last: State): boolean {
  if (events.every(({ ended }) => ended === Number.POSITIVE_INFINITY)) {
    if (isDeepStrictEqual(first, last)) return true;
  }
  const horizon = Math.min(...events.map(({ ended }) => ended));
  return events.some((event) => {
    if (event.began > horizon) return false;
    const { state, answer } = applied(first, event);
    const hasAnswer = event.ended !== Number.POSITIVE_INFINITY;
    if (hasAnswer && !isDeepStrictEqual(answer, event.answer)) return false;
    const rest = events.filter((other) => other !== event);
    return isSequential(rest, state, last);
  });
}

interface Applied {
  readonly state: State;
  readonly answer: unknown;
}

function applied(state: State, { operation, now, answer }: Event): Applied {
  const current = state !== undefined && state.expiresAt > now ? state : undefined;
  switch (operation.kind) {
    case "load":
      return { state, answer: current };
    case "create":
      return current === undefined
        ? { state: operation.record, answer: "created" }
        : { state, answer: "taken" };
    case "sweep":
      return swept(state, current, answer);
    case "touch":
      if (current?.kind !== "live") return { state, answer: false };
      return { state: touched(current, operation.seen), answer: true };
    default:
      return replaced(state, current, operation);
  }
}

function replaced(
  state: State,
  current: State,
  operation: Extract<Operation, { readonly kind: "update" | "end" }>,
): Applied {
  if (current?.kind !== "live") return { state, answer: { kind: "gone", tombstone: current } };
  const { expected } = operation;
  if (expected !== undefined && current.version !== expected) {
    return { state, answer: { kind: "conflict", current } };
  }
  return operation.kind === "end"
    ? { state: operation.tombstone, answer: { kind: "ended" } }
    : { state: operation.record, answer: { kind: "updated" } };
}

/** A sweep may leave to the next one what others were busy with. */
function swept(state: State, current: State, answer: unknown): Applied {
  const isRemovable = current === undefined && state !== undefined;
  return isRemovable && answer !== 0 ? { state: undefined, answer: 1 } : { state, answer: 0 };
}

function touched(record: SessionRecord, seen: Seen): SessionRecord {
  return {
    ...record,
    lastSeenAt: Math.max(record.lastSeenAt, seen.lastSeenAt),
    expiresAt: Math.max(record.expiresAt, seen.expiresAt),
  };
}
