import type { EpochMs } from "../../core/record.ts";
import type { CommitId } from "../../core/token.ts";

/** What an entry of another process must show to be as new as what this process has done. */
export interface Known {
  /** The commit to be there, or among those before; `undefined` where no commit was made. */
  readonly version: CommitId | undefined;
  readonly lastSeenAt: EpochMs;
}

/** What has happened to a session, or to all of a user's, as far as this process knows. */
export interface Mark {
  /** This process's own entries from before are of no use any more. */
  readonly since: number;
  /** `undefined` if no entry of another process is to be believed. */
  readonly known: Known | undefined;
  /** Whether a write has been sent of which nobody knows what became of it. */
  readonly isOpen: boolean;
}

/** How many marks are set before the oldest go, whatever their age. */
const MAX_MARKS = 50_000;

/** Marks of the latest sessions or users, each for at least `lifeMs` or until many others follow. */
export class Marks {
  readonly #lifeMs: number;
  /** Marks are forgotten that may still be wanting. */
  readonly #onForgotten: () => void;
  #newer = new Map<string, Mark>();
  #older = new Map<string, Mark>();
  #turnsAt = 0;

  constructor(lifeMs: number, onForgotten: () => void) {
    this.#lifeMs = lifeMs;
    this.#onForgotten = onForgotten;
  }

  get(key: string): Mark | undefined {
    return this.#newer.get(key) ?? this.#older.get(key);
  }

  set(key: string, mark: Mark): void {
    this.#turn();
    this.#newer.set(key, mark);
  }

  /** Two maps that take turns: no mark needs a timer, or to be looked for. */
  #turn(): void {
    const now = performance.now();
    const isDue = now >= this.#turnsAt;
    if (!isDue && this.#newer.size < MAX_MARKS) return;
    this.#older = this.#newer;
    this.#newer = new Map();
    this.#turnsAt = now + this.#lifeMs;
    if (!isDue) this.#onForgotten();
  }
}
