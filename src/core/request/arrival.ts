import { expiredBy } from "../clocks.ts";
import type { Deadline } from "../deadline.ts";
import { withoutDue } from "../due.ts";
import type { Engine, Verdict } from "../engine.ts";
import type { Rejection } from "../events.ts";
import type { RequestHead } from "../exchange.ts";
import type { NoteEdit } from "../notes.ts";
import type { Inheritance, Passage } from "../passage.ts";
import type { SessionRecord, StoredSession, Tombstone } from "../record.ts";
import type { Reading } from "../shape.ts";
import type { SessionId } from "../token.ts";
import { judge } from "./guards.ts";

/** Hears why what came is no session. */
export interface Doorkeeper {
  rejected(reason: Rejection, id?: SessionId): void;
  /** A session that was made of one of another kind. */
  begun(record: StoredSession): void;
  expired(record: SessionRecord, timeout: "idle" | "absolute"): void;
  /** A session that has ended, or was given a new token. */
  metTombstone(tombstone: Tombstone): void;
  /** A session that should not be there any more. */
  metMissed(record: SessionRecord, engine: Engine, deadline: Deadline): Promise<void> | undefined;
}

/** A live session that a request has brought. */
export class Live {
  readonly token: string;
  readonly record: SessionRecord;
  readonly reading: Reading;
  /** What is to be noted of it. */
  readonly edits: readonly NoteEdit[] | undefined;
  /** Whether it waits for its user to unlock it. */
  readonly isLocked: boolean;
  /** Whether another one's place may be taken: what expires elsewhere may be this very cookie. */
  isMisplaced = true;

  constructor(
    token: string,
    record: SessionRecord,
    reading: Reading,
    accepted: Accepted | undefined,
  ) {
    this.token = token;
    this.record = record;
    this.reading = reading;
    this.edits = accepted?.edits;
    this.isLocked = accepted?.isLocked === true;
  }
}

/** Looks up all that may be the session, and takes the best; or else what can be inherited. */
export async function arrivalOf(
  engine: Engine,
  { presented, inheritance }: Pick<Passage, "presented" | "inheritance">,
  deadline: Deadline,
  doorkeeper: Doorkeeper,
  request: RequestHead,
): Promise<Live | undefined> {
  let best: Live | undefined;
  for (let place = 0; ; place += 1) {
    const candidate = presented[place];
    if (candidate === undefined) break;
    const { token, id } = candidate;
    const stored = await engine.keeper.load(id, deadline);
    if (!isLive(stored, id, deadline, doorkeeper)) continue;
    const judging = judge(engine, stored, deadline, request);
    const told = judging && (await heeded(await judging, stored, engine, deadline, doorkeeper));
    if (told === REFUSED) continue;
    const record = withoutDue(stored, deadline.now);
    const live = liveOf(token, record, told, engine, doorkeeper);
    if (live !== undefined) best = better(best, live);
  }
  if (best !== undefined || inheritance === undefined) return best;
  return inherited(engine, inheritance, deadline, doorkeeper, request);
}

async function inherited(
  engine: Engine,
  inheritance: Inheritance,
  deadline: Deadline,
  doorkeeper: Doorkeeper,
  request: RequestHead,
): Promise<Live | undefined> {
  const found = await inheritance.take(deadline, (reason) => doorkeeper.rejected(reason));
  if (found === undefined) return undefined;
  const { token, stored, isNew } = found;
  if (isNew) doorkeeper.begun(stored);
  if (!isLive(stored, stored.id, deadline, doorkeeper)) return undefined;
  const judging = judge(engine, stored, deadline, request);
  const told = judging && (await heeded(await judging, stored, engine, deadline, doorkeeper));
  if (told === REFUSED) return undefined;
  return liveOf(token, withoutDue(stored, deadline.now), told, engine, doorkeeper);
}

const REFUSED = "refused";

type Accepted = Extract<Verdict, { readonly kind: "accepted" }>;

/** What the guards say of a session that may be used. */
async function heeded(
  verdict: Verdict,
  record: SessionRecord,
  engine: Engine,
  deadline: Deadline,
  doorkeeper: Doorkeeper,
): Promise<Accepted | typeof REFUSED> {
  if (verdict.kind === "accepted") return verdict;
  if (verdict.kind === "ended") await doorkeeper.metMissed(record, engine, deadline);
  doorkeeper.rejected(verdict.reason, record.id);
  return REFUSED;
}

/** It, if its data can be read. */
function liveOf(
  token: string,
  record: SessionRecord,
  accepted: Accepted | undefined,
  { shape }: Engine,
  doorkeeper: Doorkeeper,
): Live | undefined {
  const reading = shape.read(record.data);
  if (typeof reading !== "string") return new Live(token, record, reading, accepted);
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
function better(best: Live | undefined, found: Live): Live {
  if (best === undefined) return found;
  if (isSignedIn(best) === isSignedIn(found)) best.isMisplaced = false;
  return isSignedIn(found) && !isSignedIn(best) ? found : best;
}

function isSignedIn({ record }: Live): boolean {
  return record.userId !== undefined;
}

/** Lets everything pass in silence: who only reads ends nothing, and tells nobody. */
export const QUIET: Doorkeeper = {
  rejected: () => undefined,
  begun: () => undefined,
  expired: () => undefined,
  metTombstone: () => undefined,
  metMissed: () => undefined,
};
