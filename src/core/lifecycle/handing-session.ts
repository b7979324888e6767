import { expiredBy } from "../clocks.ts";
import type { Deadline } from "../deadline.ts";
import type { Engine } from "../engine.ts";
import type { SessionRecord } from "../record.ts";
import { parseId, type SessionId } from "../token.ts";
import type { Carried } from "./hand-off-codes.ts";

/** In the minutes that a code lives nobody is given more new tokens. */
const MAX_STEPS = 16;

/**
 * The session that hands its sign-in on, or what it has become by a new token; `undefined` where it
 * has ended, or its user is another by now.
 */
export async function handingSession(
  { keeper, name }: Pick<Engine, "keeper" | "name">,
  { fromId, userId }: Pick<Carried, "fromId" | "userId">,
  deadline: Deadline,
): Promise<SessionRecord | undefined> {
  let id: SessionId | undefined = parseId(fromId);
  for (let steps = 0; steps < MAX_STEPS && id !== undefined; steps += 1) {
    const stored = await keeper.load(id, deadline);
    if (stored === undefined || stored.manager !== name) return undefined;
    if (stored.kind === "ended") {
      id = stored.next;
      continue;
    }
    if (stored.userId !== userId || expiredBy(stored, deadline.now) !== undefined) return undefined;
    if (await isLive(keeper, stored, deadline)) return stored;
  }
  return undefined;
}

/**
 * A copy may be loaded of what another process has ended meanwhile. A store that is asked to note a
 * use that it knows of changes nothing, and says what is true.
 */
async function isLive(
  keeper: Engine["keeper"],
  record: SessionRecord,
  deadline: Deadline,
): Promise<boolean> {
  if (keeper.store.touch === undefined) return true;
  const { lastSeenAt, expiresAt } = record;
  return keeper.touch(record, { lastSeenAt, expiresAt }, deadline);
}
