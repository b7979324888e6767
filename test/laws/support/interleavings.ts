import type { Intercept, Operation } from "./wrapped-store.ts";

interface Paused {
  readonly actor: string;
  readonly operation: Operation;
  readonly resume: () => void;
}

/** One run of a program in which every store call waits until it is its turn. */
export class Schedule {
  readonly #choices: readonly number[];
  readonly #paused: Paused[] = [];
  /** How many calls could have gone at each step. */
  readonly widths: number[] = [];
  readonly trace: string[] = [];

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  /** The intercept of one actor's store, which waits at every call but those named. */
  actor(actor: string, ...free: readonly Operation[]): Intercept {
    return async (operation, send) => {
      if (free.includes(operation)) return send();
      await new Promise<void>((resume) => this.#paused.push({ actor, operation, resume }));
      return send();
    };
  }

  /** Lets one call after the other through until every actor has finished. */
  async run(actors: readonly Promise<unknown>[]): Promise<void> {
    let isFinished = false;
    const all = Promise.allSettled(actors).then(() => {
      isFinished = true;
    });
    while (!isFinished) {
      await settle();
      if (!isFinished && this.#paused.length > 0) this.#step();
    }
    await all;
  }

  #step(): void {
    // In the order of the names, so that one list of choices is one run.
    this.#paused.sort((one, other) => one.actor.localeCompare(other.actor));
    const choice = this.#choices[this.widths.length] ?? 0;
    const [next] = this.#paused.splice(choice, 1);
    if (next === undefined) throw new Error(`nobody can go on after ${this.trace.join(" ")}`);
    this.widths.push(this.#paused.length + 1);
    this.trace.push(`${next.actor}.${next.operation}`);
    next.resume();
  }
}

async function settle(): Promise<void> {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
}

const MAX_RUNS = 5_000;

/**
 * Runs a program in every order in which its store calls can happen, and resolves to how many
 * there were.
 */
export async function everyInterleaving(
  program: (schedule: Schedule) => Promise<void>,
): Promise<number> {
  let choices: number[] | undefined = [];
  let runs = 0;
  while (choices !== undefined) {
    const schedule: Schedule = new Schedule(choices);
    try {
      await program(schedule);
    } catch (error) {
      throw new Error(`in the order ${schedule.trace.join(" ")}`, { cause: error });
    }
    runs += 1;
    if (runs > MAX_RUNS) throw new Error("there are too many orders to try them all");
    choices = following(choices, schedule.widths);
  }
  return runs;
}

/** The next list of choices, counting like an odometer whose wheels are as wide as the run was. */
function following(choices: readonly number[], widths: readonly number[]): number[] | undefined {
  for (let at = widths.length - 1; at >= 0; at -= 1) {
    const next = (choices[at] ?? 0) + 1;
    if (next >= (widths[at] ?? 0)) continue;
    return [...widths.slice(0, at).map((_, before) => choices[before] ?? 0), next];
  }
  return undefined;
}
