import { entersTenth, isTouchDue } from "../clocks.ts";
import { Deadline } from "../deadline.ts";
import type { Engine, Guard, Verdict } from "../engine.ts";
import type { RequestHead } from "../exchange.ts";
import { currentGeneration, sparedUnder } from "../lifecycle/admission.ts";
import { handOverStone, tombstone } from "../lifecycle/transitions.ts";
import {
  beginsFamily,
  familyOf,
  generationOf,
  ofGeneration,
  predecessorOf,
  takingOverFrom,
} from "../notes.ts";
import type { EpochMs, SessionRecord } from "../record.ts";
import type { SessionId } from "../token.ts";

/** A second opinion may take this part of the time that the session may. */
const PATIENCE = 4;

const CONSENT: Verdict = { kind: "accepted", edits: [] };

/** The guards of every manager, in the order in which they are asked: before its protections. */
export const GUARDS: readonly Guard[] = [takesOver, isStillAdmitted];

/** What the guards make of a session: the first objection, or all that is to be noted. */
export function judge(
  engine: Engine,
  record: SessionRecord,
  deadline: Deadline,
  request: RequestHead,
): Promise<Verdict> | undefined {
  let verdicts: Promise<Verdict> | undefined;
  for (const guard of engine.guards) {
    verdicts =
      verdicts === undefined
        ? guard(record, engine, deadline, request)
        : verdicts.then((first) => joined(first, () => guard(record, engine, deadline, request)));
  }
  return verdicts;
}

async function joined(first: Verdict, next: () => Promise<Verdict> | undefined): Promise<Verdict> {
  if (first.kind !== "accepted") return first;
  const second = await next();
  if (second?.kind !== "accepted") return second ?? first;
  // Who has more to object is asked all the same: what is locked may have to end.
  const isLocked = first.isLocked === true || second.isLocked === true;
  return { kind: "accepted", edits: [...first.edits, ...second.edits], isLocked };
}

/**
 * A session that took over from another one stands only if that one has ended in its favour. Where
 * the answer to that end was lost nobody knew: what stands under the old id tells.
 */
function takesOver(
  record: SessionRecord,
  engine: Engine,
  deadline: Deadline,
): Promise<Verdict> | undefined {
  const predecessor = predecessorOf(record);
  return predecessor && settled(predecessor, record, engine, deadline);
}

async function settled(
  predecessor: SessionId,
  record: SessionRecord,
  engine: Engine,
  deadline: Deadline,
): Promise<Verdict> {
  const { origin } = engine;
  // Who signs in over another user's session takes nothing over but the browser.
  const next = beginsFamily(record) ? undefined : record.id;
  let before = await origin.load(predecessor, deadline);
  if (before?.kind === "live") {
    const heir = next === undefined ? undefined : record;
    // Nobody knows any more why: then it may have been a sign-in.
    const stone = handOverStone(engine, before, heir, "signIn", deadline);
    const outcome = await origin.end(stone, undefined, deadline);
    before = outcome.kind === "gone" ? outcome.tombstone : stone;
  }
  if (next === undefined || before?.next === next) {
    return { kind: "accepted", edits: [takingOverFrom(undefined)] };
  }
  return { kind: "ended", reason: before?.reason === "revoked" ? "revoked" : "ended" };
}

/**
 * A user's generation is raised when all their sessions end. One that was missed, as an index can
 * lose an entry, ends when its activity is to be written down again (OWASP ASVS 5.0, 7.4.2).
 */
function isStillAdmitted(
  record: SessionRecord,
  engine: Engine,
  deadline: Deadline,
): Promise<Verdict> | undefined {
  return isTouchDue(record, deadline.now) ? admission(record, engine, deadline) : undefined;
}

/**
 * The same question before a write, as it moves the clock, so that no touch may ever be due; unless
 * the session's opening has asked.
 */
export function judgeWrite(
  engine: Engine,
  record: SessionRecord,
  openedAt: EpochMs,
  deadline: Deadline,
): Promise<Verdict> | undefined {
  const since = isTouchDue(record, openedAt) ? openedAt : record.lastSeenAt;
  const isDue = entersTenth(record, since, deadline.now);
  return isDue ? admission(record, engine, deadline) : undefined;
}

/** Ends a session that should not be there any more. */
export async function endMissed(
  engine: Engine,
  record: SessionRecord,
  deadline: Deadline,
): Promise<void> {
  const { id, userId } = record;
  const stone = tombstone(engine, record, "revoked", deadline);
  const { kind } = await engine.keeper.end(stone, undefined, deadline);
  if (kind === "ended") engine.events.emit("revoked", { at: deadline.now, id, userId });
}

function admission(
  record: SessionRecord,
  engine: Engine,
  deadline: Deadline,
): Promise<Verdict> | undefined {
  const { writesNeedHeaders, keeper } = engine;
  const isKnown = record.userId !== undefined && keeper.store.directory !== undefined;
  // One that travels is asked about at each open, by the store of its ends.
  return isKnown && !writesNeedHeaders ? admittedStill(record, engine, deadline) : undefined;
}

async function admittedStill(
  record: SessionRecord,
  engine: Engine,
  deadline: Deadline,
): Promise<Verdict> {
  const admittedUnder = generationOf(record);
  const { userId } = record;
  // A directory that cannot answer signs nobody out, nor does it take the time that is left for the
  // session itself: it may be another server.
  const patience = new Deadline(engine.storeTimeoutMs / PATIENCE, deadline.now);
  const generation = await currentGeneration(engine, userId, patience).catch(() => admittedUnder);
  if (generation <= admittedUnder) return CONSENT;
  const candidate = { userId, generation: admittedUnder, family: familyOf(record) };
  const spared = await sparedUnder(engine, candidate, generation, deadline);
  if (spared === undefined) return { kind: "ended", reason: "revoked" };
  return { kind: "accepted", edits: [ofGeneration(spared)] };
}
