import { expiredBy } from "../clocks.ts";
import type { Deadline } from "../deadline.ts";
import type { Engine } from "../engine.ts";
import type { EpochMs, SessionRecord, StoredSession } from "../record.ts";
import { hiddenUserId, parseId } from "../token.ts";
import type { Carried } from "./hand-off-codes.ts";

/** In the minutes that a code lives nobody is given more new tokens. */
const MAX_STEPS = 16;

/** The record of a session that somebody is signed in to. */
export type SignedIn = SessionRecord & { readonly userId: string };

/**
 * The session that hands its sign-in on, or what it has become by a new token; why there is none,
 * where it has ended, or its user is another by now.
 */
export async function handingSession(
  { keeper, name }: Pick<Engine, "keeper" | "name">,
  { fromId, user }: Pick<Carried, "fromId" | "user">,
  deadline: Deadline,
): Promise<SignedIn | "ended" | "revoked"> {
  const first = parseId(fromId);
  let stored = first && (await keeper.load(first, deadline));
  for (let steps = 0; steps < MAX_STEPS && stored?.manager === name; steps += 1) {
    const met = await meet(keeper, stored, user, deadline);
    if (met !== undefined) return met;
    // One that turns out to have ended has left a tombstone under its id.
    const next = stored.kind === "live" ? stored.id : stored.next;
    stored = next && (await keeper.load(next, deadline));
  }
  return "ended";
}

/** Resolves to `undefined` where the session goes on elsewhere, perhaps. */
async function meet(
  keeper: Engine["keeper"],
  stored: StoredSession,
  user: string,
  deadline: Deadline,
): Promise<SignedIn | "ended" | "revoked" | undefined> {
  if (stored.kind === "ended") return stored.reason === "revoked" ? "revoked" : undefined;
  if (!isTheirs(stored, user, deadline.now)) return "ended";
  return (await isLive(keeper, stored, deadline)) ? stored : undefined;
}

function isTheirs(record: SessionRecord, user: string, now: EpochMs): record is SignedIn {
  const { userId, manager } = record;
  const isUsers = userId !== undefined && hiddenUserId(userId, manager) === user;
  return isUsers && expiredBy(record, now) === undefined;
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
