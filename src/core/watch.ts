/** One wait that must not last beyond its end. */
export interface Wait {
  readonly endsAt: number;
  readonly onEnd: () => void;
}

/** Node takes a longer delay for none at all. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Every wait of the process, under one timer: nearly all of them are over long before their end,
 * and a timer for each would cost more than the wait.
 */
const waits = new Set<Wait>();
let timer: NodeJS.Timeout | undefined;
let firesAt = Number.POSITIVE_INFINITY;

/**
 * Calls `onEnd` at `endsAt`, unless the wait is over before.
 *
 * @param endsAt - As `performance.now()` tells it.
 */
export function watch(endsAt: number, onEnd: () => void): Wait {
  const wait = { endsAt, onEnd };
  waits.add(wait);
  if (endsAt < firesAt) arm(endsAt);
  else if (waits.size === 1) timer?.ref();
  return wait;
}

/** The wait is over. */
export function unwatch(wait: Wait): void {
  waits.delete(wait);
  // It may go on ticking once, but keeps no process alive.
  if (waits.size === 0) timer?.unref();
}

function arm(at: number): void {
  clearTimeout(timer);
  firesAt = at;
  const delayMs = Math.max(0, Math.ceil(at - performance.now()));
  timer = setTimeout(tick, Math.min(delayMs, MAX_TIMER_MS));
}

function tick(): void {
  firesAt = Number.POSITIVE_INFINITY;
  const now = performance.now();
  let next = Number.POSITIVE_INFINITY;
  for (const wait of [...waits]) {
    if (wait.endsAt > now) next = Math.min(next, wait.endsAt);
    else if (waits.delete(wait)) wait.onEnd();
  }
  if (next < firesAt) arm(next);
}
