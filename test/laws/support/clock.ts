import type { Clock } from "../../../src/index.ts";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A clock that stands still until it is moved, back if need be. */
export class SetClock implements Clock {
  #now: number;

  constructor(now: number = Date.UTC(2026, 10, 21, 8)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  move(ms: number): void {
    this.#now += ms;
  }
}
