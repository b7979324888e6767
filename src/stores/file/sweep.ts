import { SWEEP_DELAY_MS } from "../../core/clocks.ts";
import type { EpochMs } from "../../core/record.ts";
import type { SessionId } from "../../core/token.ts";
import { findHead, remove, removeEmpty } from "./chain.ts";
import { ABSENT, OCCUPIED, unless } from "./files.ts";
import { anyId, anyTag } from "./places.ts";
import { Round } from "./round.ts";
import type { Task } from "./task.ts";
import { sweepTemporary, timeOfFiles } from "./temporary.ts";
import { Upkeep } from "./upkeep.ts";
import { healEntry } from "./user-index.ts";
import { sessionsAfter } from "./walk.ts";

/** How much upkeep is done at each round, however few sessions there are. */
const MIN_UPKEEP = 1_000;

/**
 * Deletes what has expired. It looks at the name of each session's newest version and at nothing
 * else, and goes on at each call where the one before was told to stop.
 */
export class Sweep {
  readonly #round = new Round<SessionId>(anyId());
  readonly #upkeep = new Upkeep(anyId(), anyTag());

  /**
   * Resolves to how many sessions it has deleted until the end of its round, or the deadline.
   *
   * @throws what the file system said of a session, once the others have been seen to.
   */
  async run(task: Task): Promise<number> {
    const tally = new Tally(task);
    try {
      const present = await timeOfFiles(task);
      const due = Math.min(task.call.now, present) - SWEEP_DELAY_MS;
      await sweepTemporary(task, present);
      await this.#goRound(task, due, tally);
    } catch (error) {
      // What was deleted is deleted, and the rest is left to the next time.
      if (!task.call.signal.aborted) throw error;
    }
    if (tally.failure !== undefined) throw tally.failure;
    return tally.deleted;
  }

  async #goRound(task: Task, due: EpochMs, tally: Tally): Promise<void> {
    const upkeep = this.#upkeep.steps(task, (work) => tally.attempt(work));
    for await (const batch of this.#round.rest((after) => sessionsAfter(task, after))) {
      await tally.attemptAll(batch.map((id) => () => sweepSession(task, id, due, tally)));
      await upkeep.next();
    }
    for (let steps = 0; steps < MIN_UPKEEP; steps += 1) {
      if ((await upkeep.next()).done) return;
    }
  }
}

/** What a sweep has done, and what went wrong first: one broken folder keeps it from no other. */
class Tally {
  deleted = 0;
  failure: unknown;
  readonly #task: Task;

  constructor(task: Task) {
    this.#task = task;
  }

  async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#task.call.signal.aborted) throw error;
      this.failure ??= error;
    }
  }

  /** All at once. It waits for all of them, so that none is deleted and not counted. */
  async attemptAll(works: readonly (() => Promise<void>)[]): Promise<void> {
    const outcomes = await Promise.allSettled(works.map((work) => this.attempt(work)));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }
}

async function sweepSession(
  task: Task,
  id: SessionId,
  due: EpochMs,
  tally: { deleted: number },
): Promise<void> {
  const head = await findHead(task, id);
  if (head === undefined) return removeEmpty(task, id);
  // Who touched it meanwhile has renamed this head, so it is not found and not removed.
  if (head.expiresAt > due || !(await remove(task, id, head))) return;
  tally.deleted += 1;
  const { userTag } = head;
  if (userTag === "") return;
  await task.quietly(async () => {
    await healEntry(task, userTag, id);
    await unless([...ABSENT, ...OCCUPIED], task.files.removeFolder(task.places.user(userTag)));
  });
}
