import { expiredBy } from "../clocks.ts";
import type { Deadline } from "../deadline.ts";
import type { Engine } from "../engine.ts";
import type { Rejection } from "../events.ts";
import type { Identity } from "../passage.ts";
import type { SessionRecord, StoredSession, Tombstone } from "../record.ts";
import type { SessionId } from "../token.ts";
import { judge } from "./guards.ts";
import type { Live } from "./session-state.ts";

/** Hears why what came is no session. */
export interface Doorkeeper {
  rejected(reason: Rejection, id: SessionId): void;
  expired(record: SessionRecord, timeout: "idle" | "absolute"): void;
  /** A session that has ended, or was given a new token. */
  metTombstone(tombstone: Tombstone): void;
  /** A session that should not be there any more. */
  metMissed(record: SessionRecord, engine: Engine, deadline: Deadline): Promise<void> | undefined;
}

/** What a request has brought. */
export interface Arrival {
  readonly live: Live | undefined;
  /** Whether another one's place may be taken: what expires elsewhere may be this very cookie. */
  readonly isMisplaced: boolean;
}

const NOBODY: Arrival = { live: undefined, isMisplaced: false };

/** Looks up all that may be the session, and takes the best. */
export async function arrivalOf(
  engine: Engine,
  candidates: readonly Identity[],
  deadline: Deadline,
  doorkeeper: Doorkeeper,
): Promise<Arrival> {
  let arrival = NOBODY;
  for (const { token, id } of candidates) {
    const stored = await engine.keeper.load(id, deadline);
    if (!isLive(stored, id, deadline, doorkeeper)) continue;
    const judging = judge(engine, stored, deadline);
    const verdict = judging && (await judging);
    if (verdict !== undefined && verdict.kind !== "accepted") {
      if (verdict.kind === "ended") await doorkeeper.metMissed(stored, engine, deadline);
      doorkeeper.rejected(verdict.reason, id);
      continue;
    }
    arrival = better(
      arrival,
      liveOf({ token, record: stored, edits: verdict?.edits }, engine, doorkeeper),
    );
  }
  return arrival;
}

function liveOf(
  found: Omit<Live, "reading">,
  { shape }: Engine,
  doorkeeper: Doorkeeper,
): Live | undefined {
  const { token, record, edits } = found;
  const reading = shape.read(record.data);
  if (typeof reading !== "string") return { token, record, reading, edits };
  doorkeeper.rejected(reading, record.id);
  return undefined;
}

/** Whether it is live by its record and its clocks. */
function isLive(
  stored: StoredSession | undefined,
  id: SessionId,
  { now }: Deadline,
  doorkeeper: Doorkeeper,
): stored is SessionRecord {
  if (stored === undefined || stored.id !== id) {
    doorkeeper.rejected("unknown", id);
    return false;
  }
  if (stored.kind === "ended") {
    doorkeeper.metTombstone(stored);
    return false;
  }
  const timeout = expiredBy(stored, now);
  if (timeout !== undefined) doorkeeper.expired(stored, timeout);
  return timeout === undefined;
}

/** A signed-in session counts before an anonymous one, which somebody may have planted. */
function better(arrival: Arrival, found: Live | undefined): Arrival {
  const best = arrival.live;
  if (found === undefined) return arrival;
  if (best === undefined) return { live: found, isMisplaced: true };
  const isBest = isSignedIn(best);
  if (isBest === isSignedIn(found)) return { live: best, isMisplaced: false };
  return isBest ? arrival : { live: found, isMisplaced: true };
}

function isSignedIn({ record }: Live): boolean {
  return record.userId !== undefined;
}

/** Lets everything pass in silence: who only reads ends nothing, and tells nobody. */
export const QUIET: Doorkeeper = {
  rejected: () => undefined,
  expired: () => undefined,
  metTombstone: () => undefined,
  metMissed: () => undefined,
};
