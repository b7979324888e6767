import type { EpochMs } from "../record.ts";
import { Agenda } from "./agenda.ts";
import type { Look, Looks } from "./looks.ts";

/**
 * What a process has ended that died before it could announce it is found by looking, as is an end
 * whose announcement was lost in any other way that nobody noticed.
 */
export const SAFETY_MS = 300_000;
const MIN_STEP_MS = 10;
const MAX_STEP_MS = 1_000;

/** To what step it is known when to look, where that is done once in so long. */
export function stepOf(everyMs: number): number {
  return Math.min(Math.max(everyMs / 10, MIN_STEP_MS), MAX_STEP_MS);
}

/** What it takes from outside. */
export interface RhythmParts {
  readonly everyMs: number;
  readonly stepMs: number;
  readonly now: () => EpochMs;
  readonly looks: Looks;
}

/**
 * Has each thing looked at once in so long, spread over time, and when its own time is over: one
 * timer for all of them.
 */
export class Rhythm {
  readonly #parts: RhythmParts;
  /** By the clock that nobody sets. */
  readonly #polls: Agenda<Look>;
  /** By the clock that sessions live by. */
  readonly #ends: Agenda<Look>;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: RhythmParts) {
    const { stepMs } = parts;
    this.#parts = parts;
    this.#polls = new Agenda(stepMs);
    this.#ends = new Agenda(stepMs);
    this.#timer = setInterval(() => this.#tick(), stepMs);
    // The web's timers are numbers.
    this.#timer.unref?.();
  }

  /** Has it looked at in time, and not when all the others are. */
  poll(look: Look): void {
    const share = 0.75 + Math.random() / 4;
    this.#polls.set(look, performance.now() + share * this.#parts.everyMs);
  }

  /** Has it looked at when its time is over. */
  endsAt(look: Look, at: EpochMs): void {
    this.#ends.set(look, at);
  }

  stopPolling(look: Look): void {
    this.#polls.delete(look);
  }

  delete(look: Look): void {
    this.#polls.delete(look);
    this.#ends.delete(look);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#polls.clear();
    this.#ends.clear();
  }

  #tick(): void {
    const { looks, now } = this.#parts;
    looks.retry(performance.now());
    for (const look of this.#polls.takeDue(performance.now())) looks.add(look, "routine");
    for (const look of this.#ends.takeDue(now())) looks.add(look, "routine");
  }
}
