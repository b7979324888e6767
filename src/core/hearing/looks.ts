import type { Deadline } from "../deadline.ts";
import { Agenda } from "./agenda.ts";
import { Line } from "./line.ts";

/** Something to ask the store about. */
export interface Look {
  look(deadline: Deadline): Promise<void>;
}

/** What looks take from outside. */
export interface LooksParts {
  readonly startDeadline: () => Deadline;
  /** Told of the first failure until all that has failed has come right. */
  readonly report: (error: unknown) => void;
  readonly stepMs: number;
}

/** So many are under way at the same time, however many are due. */
const AT_ONCE = 32;
/** So many in one turn of the process, where the store needs none for its answers. */
const IN_ONE_TURN = 256;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;

/**
 * Looks at what the store has, a few at a time: what was announced first, then what is due. While
 * the store cannot answer it is asked one thing at a time, and each thing again after a pause.
 */
export class Looks {
  readonly #parts: LooksParts;
  readonly #urgent = new Line<Look>();
  readonly #routine = new Line<Look>();
  /** And whether to look once more, as something has happened since it was begun. */
  readonly #underWay = new Map<Look, "once" | "again" | "never">();
  /** How often each has failed that has not come right since. */
  readonly #failures = new Map<Look, number>();
  readonly #retries: Agenda<Look>;
  #hasFailedLast = false;
  #inThisTurn = 0;
  #isClosed = false;

  constructor(parts: LooksParts) {
    this.#parts = parts;
    this.#retries = new Agenda(parts.stepMs);
  }

  add(look: Look, urgency: "urgent" | "routine"): void {
    if (this.#underWay.has(look)) {
      this.#underWay.set(look, "again");
      return;
    }
    this.#retries.delete(look);
    if (urgency === "urgent") {
      this.#routine.delete(look);
      this.#urgent.add(look);
    } else if (!this.#urgent.has(look)) {
      this.#routine.add(look);
    }
    this.#begin();
  }

  /** It need not be looked at any more. */
  delete(look: Look): void {
    this.#urgent.delete(look);
    this.#routine.delete(look);
    this.#retries.delete(look);
    this.#failures.delete(look);
    if (this.#underWay.has(look)) this.#underWay.set(look, "never");
  }

  /** Whether there is anything to try again, in time. */
  get hasRetries(): boolean {
    return this.#retries.size > 0;
  }

  /** Tries again what is due. */
  retry(now: number): void {
    for (const look of this.#retries.takeDue(now)) this.add(look, "routine");
  }

  close(): void {
    this.#isClosed = true;
    this.#urgent.clear();
    this.#routine.clear();
    this.#retries.clear();
  }

  #begin(): void {
    const atOnce = this.#hasFailedLast ? 1 : AT_ONCE;
    while (!this.#isClosed && this.#underWay.size < atOnce && this.#inThisTurn < IN_ONE_TURN) {
      const look = this.#urgent.take() ?? this.#routine.take();
      if (look === undefined) return;
      this.#inThisTurn += 1;
      if (this.#inThisTurn === IN_ONE_TURN) this.#goOnNextTurn();
      this.#underWay.set(look, "once");
      void this.#run(look);
    }
  }

  #goOnNextTurn(): void {
    setImmediate(() => {
      this.#inThisTurn = 0;
      this.#begin();
    });
  }

  async #run(look: Look): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    try {
      await look.look(this.#parts.startDeadline());
    } catch (error) {
      failure = { error };
    }
    const next = this.#underWay.get(look);
    this.#underWay.delete(look);
    if (this.#isClosed) return;
    this.#hasFailedLast = failure !== undefined;
    if (failure !== undefined) this.#failed(look, failure.error, next !== "never");
    else this.#failures.delete(look);
    if (failure === undefined && next === "again") this.add(look, "urgent");
    this.#begin();
  }

  #failed(look: Look, error: unknown, goesOn: boolean): void {
    if (this.#failures.size === 0) this.#parts.report(error);
    if (!goesOn) return;
    const failures = (this.#failures.get(look) ?? 0) + 1;
    this.#failures.set(look, failures);
    const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), MAX_PAUSE_MS);
    const pauseMs = longestMs * (0.5 + Math.random() / 2);
    this.#retries.set(look, performance.now() + pauseMs);
  }
}
