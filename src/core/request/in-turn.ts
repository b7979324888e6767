import type { Deadline } from "../deadline.ts";
import { PrefetchError, SessionEndedError } from "../errors.ts";
import type { Changes } from "./draft.ts";
import type { SessionState } from "./session-state.ts";
import type { Turns } from "./turns.ts";

/** What is done in turn. @param before - What the request had changed as it was asked for. */
export type Transition<T> = (deadline: Deadline, before: Changes) => Promise<T>;

/** Makes a transition after those of the same request that were wanted before. */
export function inTurn<T>(
  state: SessionState,
  attempt: string,
  transition: Transition<T>,
  turns: Turns = state.turns,
): Promise<T> {
  const deadline = state.failures.startDeadline();
  const before = state.changes();
  return turns.take(async () => {
    const { draft } = state;
    try {
      checkPrefetch(state, attempt);
      return await transition(deadline, before);
    } catch (error) {
      if (error instanceof SessionEndedError) state.repeatLate(draft, before);
      throw state.failures.told(error);
    }
  });
}

/** @throws {@link PrefetchError} where the visitor has not asked for it yet. */
export function checkPrefetch(state: SessionState, attempt: string): void {
  if (state.isPrefetch) throw new PrefetchError(attempt);
}
