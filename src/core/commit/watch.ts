import { IS_CLOUDFLARE } from "../platform.ts";

/** Node takes a longer delay for none at all. */
const MAX_TIMER_MS = 2_147_483_647;

/** A wait that must not last beyond its end. */
export interface Wait {
  /** As `performance.now()` tells it. */
  readonly endsAt: number;
  /** Called at the end, unless the wait is over before. */
  onEnd(): void;
  previous: Wait | undefined;
  next: Wait | undefined;
  /** Its own, on Cloudflare alone. */
  timer: NodeJS.Timeout | undefined;
}

/**
 * Every wait of the process, under one timer: nearly all of them are over long before their end,
 * and a timer for each would cost more than the wait. A linked list, as a Set that is filled and
 * emptied all the time is rebuilt all the time.
 */
let newest: Wait | undefined;
let timer: NodeJS.Timeout | undefined;
let firesAt = Number.POSITIVE_INFINITY;

/** A test may put fake timers in its place, and drop those without a word. */
const usualTimeout: typeof setTimeout = setTimeout;
/** What made the timer: one that another made may never fire. */
let madeBy: typeof setTimeout = setTimeout;

/** Sees to it that the wait ends. */
export function watch(wait: Wait): void {
  // One that it shared would die with the request of another wait.
  if (IS_CLOUDFLARE) {
    wait.timer = setTimeout(() => wait.onEnd(), delayUntil(wait.endsAt));
    return;
  }
  const isFirst = newest === undefined;
  wait.next = newest;
  if (newest !== undefined) newest.previous = wait;
  newest = wait;
  if (wait.endsAt < firesAt || setTimeout !== madeBy) arm(wait.endsAt);
  else if (setTimeout !== usualTimeout) arm(firesAt);
  else if (isFirst) timer?.ref?.();
}

/** The wait is over. One that has ended is over already. */
export function unwatch(wait: Wait): void {
  if (IS_CLOUDFLARE) {
    clearTimeout(wait.timer);
    return;
  }
  const { previous, next } = wait;
  if (previous === undefined && newest !== wait) return;
  if (previous === undefined) newest = next;
  else previous.next = next;
  if (next !== undefined) next.previous = previous;
  wait.previous = undefined;
  wait.next = undefined;
  // It may go on ticking once, but keeps no process alive.
  if (newest === undefined) timer?.unref?.();
}

function arm(at: number): void {
  if (setTimeout === madeBy) clearTimeout(timer);
  madeBy = setTimeout;
  firesAt = at;
  timer = setTimeout(tick, delayUntil(at));
}

function delayUntil(at: number): number {
  const delayMs = Math.max(0, Math.ceil(at - performance.now()));
  return Math.min(delayMs, MAX_TIMER_MS);
}

function tick(): void {
  firesAt = Number.POSITIVE_INFINITY;
  const now = performance.now();
  let earliest = Number.POSITIVE_INFINITY;
  for (let wait = newest; wait !== undefined; ) {
    const { next } = wait;
    if (wait.endsAt > now) earliest = Math.min(earliest, wait.endsAt);
    else {
      unwatch(wait);
      wait.onEnd();
    }
    wait = next;
  }
  if (earliest < firesAt) arm(earliest);
}
