import { messageOf } from "../events.ts";
import type { EndedEvent, EndedListener, EndedReason } from "../onlooker.ts";
import type { Watching } from "./watched.ts";

/** What has ended, and who wants to hear of it beside the listener. */
export interface Ended {
  readonly ids: readonly string[];
  /** Whether the listener has heard of them already. */
  readonly isKnown?: boolean | undefined;
  readonly userId: string | undefined;
  readonly reason: EndedReason;
  readonly watchings: readonly Watching[];
}

/** So many ids are told of in one event, and in one turn of the process. */
export const MOST_AT_ONCE = 1_000;

const GAP: EndedEvent = { kind: "gap", ids: [], userId: undefined, reason: undefined };

/** Tells listeners of what has ended, in turns of their own: what they do holds up nothing here. */
export class Telling {
  readonly #listener: EndedListener;
  readonly #notice: (sentence: string) => void;
  /** In batches, one for each turn. */
  #waiting: Ended[][] = [];
  #idsInLast = 0;
  #isUnderWay = false;
  #isClosed = false;

  constructor(listener: EndedListener, notice: (sentence: string) => void) {
    this.#listener = listener;
    this.#notice = notice;
  }

  add(ended: Ended): void {
    if (this.#isClosed) return;
    const last = this.#waiting.at(-1);
    const size = this.#idsInLast + ended.ids.length;
    const isFull = last === undefined || size > MOST_AT_ONCE;
    if (isFull) this.#waiting.push([ended]);
    else last.push(ended);
    this.#idsInLast = isFull ? ended.ids.length : size;
    this.#begin();
  }

  gap(): void {
    setImmediate(() => this.#call(this.#listener, GAP));
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
  }

  #begin(): void {
    if (this.#isUnderWay || this.#isClosed) return;
    this.#isUnderWay = true;
    setImmediate(() => {
      this.#isUnderWay = false;
      const batch = this.#waiting.shift() ?? [];
      for (const { listener, event, watching } of eventsOf(batch, this.#listener)) {
        // Who has stopped meanwhile wants to hear no more.
        if (watching === undefined || watching.of !== undefined) this.#call(listener, event);
      }
      if (this.#waiting.length > 0) this.#begin();
    });
  }

  #call(listener: EndedListener, event: EndedEvent): void {
    if (this.#isClosed) return;
    const complain = (error: unknown): void =>
      this.#notice(`A listener for ended sessions failed: ${messageOf(error)}`);
    try {
      const result = listener(event);
      if (result instanceof Promise) result.catch(complain);
    } catch (error) {
      complain(error);
    }
  }
}

interface Event {
  readonly listener: EndedListener;
  readonly watching: Watching | undefined;
  readonly event: EndedEvent;
}

/** One event for each listener, user and reason. */
function eventsOf(batch: readonly Ended[], listener: EndedListener): readonly Event[] {
  const events: Event[] = [];
  const idsOf = new Map<Watching | undefined, Map<string, string[]>>();
  const enter = (ended: Ended, to: EndedListener, watching: Watching | undefined): void => {
    const { userId, reason, ids } = ended;
    const alike = idsOf.get(watching) ?? new Map<string, string[]>();
    idsOf.set(watching, alike);
    const key = `${reason} ${userId === undefined ? "" : `=${userId}`}`;
    const known = alike.get(key);
    if (known !== undefined) {
      known.push(...ids);
      return;
    }
    const all = [...ids];
    alike.set(key, all);
    events.push({ listener: to, watching, event: { kind: "ended", ids: all, userId, reason } });
  };
  for (const ended of batch) {
    if (ended.isKnown !== true) enter(ended, listener, undefined);
    for (const watching of ended.watchings) {
      if (watching.onEnded !== undefined) enter(ended, watching.onEnded, watching);
    }
  }
  return events;
}
