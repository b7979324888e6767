import { type Engine, startDeadline } from "../engine.ts";
import type { Directory, UserKey } from "../store.ts";
import type { SessionId } from "../token.ts";
import { EndingAll } from "./ending-all.ts";

/** More than any user has, at a few hundred in each. */
const MAX_PASSES = 10_000;

/**
 * Ends all sessions of a user, and has the store remove what else names the user: also where nothing
 * has ended, for what names the user may be left over from sessions that ended long ago.
 *
 * @param onEnded - Told of each session that was live.
 * @returns How many those were.
 */
export async function forgetUser(
  engine: Engine,
  directory: Directory,
  user: UserKey,
  onEnded: (id: SessionId) => void,
): Promise<number> {
  const ended = await new EndingAll(engine, directory, user.userId, onEnded).all();
  await removeTraces(engine, directory, user);
  return ended;
}

/** Has the store remove what names a user beside live sessions, where it can. */
export async function removeTraces(
  engine: Engine,
  directory: Directory,
  user: UserKey,
): Promise<void> {
  if (directory.forget === undefined) return;
  // Nobody adds to what has expired, so this comes to an end; a store that errs does not keep us.
  for (let [passes, forgotten] = [0, 1]; forgotten > 0 && passes < MAX_PASSES; passes += 1) {
    forgotten = await engine.keeper.read(
      "forget",
      startDeadline(engine),
      async (call) => directory.forget?.(user, call) ?? 0,
      "unknown",
    );
  }
}
