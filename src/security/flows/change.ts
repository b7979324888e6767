import { NO_EDIT, notedEdit } from "../../core/commit/edit.ts";
import { HeadersSentError, InsecureConnectionError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { EpochMs } from "../../core/record.ts";
import { behind } from "../../core/request/behind.ts";
import type { Changes } from "../../core/request/draft.ts";
import { inTurn } from "../../core/request/in-turn.ts";
import type { Behind } from "../../core/request/session-object.ts";

/** What is done to a session's notes, and what it comes to. It throws where it cannot be had. */
export interface NotesChange<T> {
  /** What is called, such as `begin(session)`. */
  readonly call: string;
  readonly attempt: string;
  /** Whether it goes in with a new token, where there is a session. */
  readonly isNewToken?: boolean;
  change(notes: JsonObject, now: EpochMs): T;
}

/**
 * Changes a session's notes at once, by what they are in the store at that moment: what one request takes
 * out of them no other one can.
 */
export function changeNotes<T>(
  session: object,
  { call, attempt, ...how }: NotesChange<T>,
): Promise<T> {
  const inside = behind(session, call);
  const { state } = inside;
  return inTurn(state, attempt, async (deadline, before) => {
    requireWritable(inside, attempt, before, deadline.now);
    let result: { readonly of: T } | undefined;
    const edit = (notes: JsonObject): void => {
      result = { of: how.change(notes, deadline.now) };
    };
    if (how.isNewToken === true && state.record !== undefined) {
      await state.regenerate(deadline, [edit]);
    } else {
      await state.commitEdit(notedEdit(NO_EDIT, [edit]), deadline);
    }
    return (result as unknown as { readonly of: T }).of;
  });
}

function requireWritable(
  { state, wasDetached }: Behind,
  attempt: string,
  before: Changes,
  now: EpochMs,
): void {
  // Who comes with what has died means to start anew.
  if (wasDetached && state.condition === "detached") state.restart(now, before);
  if (state.phase !== "open") throw new HeadersSentError(attempt);
  if (state.record === undefined && state.obstacle !== undefined) {
    throw new InsecureConnectionError(attempt, state.obstacle);
  }
}
