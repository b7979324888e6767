import { createHash } from "node:crypto";
import { untilAborted } from "../../core/waiting.ts";
import type { PostgresValue } from "./clients.ts";
import { NotSent, Unanswered } from "./failure.ts";

/** One of the store's statements. */
export interface Statement {
  /**
   * The same for the same text, in every process: the name to prepare it under. `undefined` where
   * it is not worth that.
   */
  readonly name: string | undefined;
  readonly text: string;
}

/** A row as the statement's columns in their order: names may be changed by a driver's settings. */
export type Row = readonly unknown[];

/** Who is told what is announced on a channel. */
export interface ChannelListener {
  onMessage(payload: string): void;
  /** Something may have been missed. */
  onGap(): void;
}

/** What the store needs of a driver. */
export interface Database {
  /**
   * Runs one statement as a transaction of its own.
   *
   * @throws {@link NotSent} if it never left, {@link Unanswered} at abort, or the driver's error.
   */
  query(
    statement: Statement,
    values: readonly PostgresValue[],
    signal: AbortSignal,
  ): Promise<readonly Row[]>;
  /** Runs a text without parameters; fails as `query` does. */
  script(text: string, signal: AbortSignal): Promise<void>;
  /** Resolves when it listens, to the function that stops it. */
  listen(channel: string, listener: ChannelListener): Promise<() => Promise<void>>;
  /** Ends what the store has had made, if anything. */
  close?(): Promise<void>;
}

/** Names a statement by its text: tables and releases never share a name, which `pg` would refuse. */
export function statement(text: string): Statement {
  return { name: `sojourn_${createHash("sha256").update(text).digest("hex").slice(0, 24)}`, text };
}

/** A statement that is not prepared by name. */
export function unnamed(text: string): Statement {
  return { name: undefined, text };
}

/** The answer, unless the signal is aborted first; an answer that comes later is nobody's. */
export function waited<T>(answer: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return untilAborted(answer, signal, () => new Unanswered());
}

/** Refuses what need not be begun any more. */
export function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new NotSent(new Unanswered());
}

/** For promises whose failure somebody else is told of. */
export function ignore(): void {}
