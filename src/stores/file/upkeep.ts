import { SWEEP_DELAY_MS } from "../../core/clocks.ts";
import type { SessionId } from "../../core/token.ts";
import { findHead, tidy } from "./chain.ts";
import { forgetGeneration } from "./generations.ts";
import { Round } from "./round.ts";
import type { Task } from "./task.ts";
import { addEntry, healUser } from "./user-index.ts";
import { sessionsAfter, tagsAfter } from "./walk.ts";

/** Does a piece of work, whose failure must not keep others from theirs. */
export type Attempt = (work: () => Promise<void>) => Promise<void>;

/**
 * Puts right what crashes left, and forgets generations. It is in no hurry and costs several times
 * what a look at a name does, so it is done a little at a time, in rounds of its own.
 */
export class Upkeep {
  readonly #sessions: Round<SessionId>;
  readonly #users: Round<string>;
  readonly #generations: Round<string>;

  constructor(anyId: SessionId, anyTag: string) {
    this.#sessions = new Round(anyId);
    this.#users = new Round(anyTag);
    this.#generations = new Round(anyTag);
  }

  /** Yields after each step, until all has been gone through once. */
  async *steps(task: Task, attempt: Attempt): AsyncGenerator<void, void> {
    const { users, generations } = task.places;
    // No other clock is asked: the end is far off, and nobody is signed out by what goes too early.
    const due = task.call.now - SWEEP_DELAY_MS;
    const rounds = [
      eachOf(
        this.#sessions,
        (after) => sessionsAfter(task, after),
        (id) => attempt(() => tend(task, id)),
      ),
      eachOf(
        this.#users,
        (after) => tagsAfter(task, users, after),
        (tag) => attempt(() => healUser(task, tag)),
      ),
      eachOf(
        this.#generations,
        (after) => tagsAfter(task, generations, after),
        (tag) => attempt(() => forgetGeneration(task, tag, due)),
      ),
    ];
    for (;;) {
      let isDone = true;
      for (const round of rounds) isDone = (await round.next()).done === true && isDone;
      if (isDone) return;
      yield;
    }
  }
}

async function* eachOf<Name extends string>(
  round: Round<Name>,
  after: (name: Name | undefined) => AsyncIterable<Name>,
  work: (name: Name) => Promise<void>,
): AsyncGenerator<void, void> {
  for await (const names of round.rest(after, 1)) {
    for (const name of names) await work(name);
    yield;
  }
}

async function tend(task: Task, id: SessionId): Promise<void> {
  const head = await findHead(task, id);
  if (head === undefined) return;
  await tidy(task, id, head);
  const isLive = head.kind === "live" && head.expiresAt > task.call.now;
  if (isLive && head.userTag !== "") await addEntry(task, head.userTag, id);
}
