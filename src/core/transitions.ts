import { storeExpiryOf } from "./clocks.ts";
import type { Deadline } from "./deadline.ts";
import type { Engine } from "./engine.ts";
import { SessionEndedError, StoreError } from "./errors.ts";
import {
  commitsBefore,
  type EndReason,
  type SessionRecord,
  TOMBSTONE_MS,
  type Tombstone,
} from "./record.ts";
import type { EndOutcome } from "./store.ts";
import {
  type CommitId,
  newCommitId,
  newToken,
  type SessionId,
  type SessionToken,
  sessionId,
} from "./token.ts";

/** What a record says, before it has an identity. */
export type Fields = Omit<
  SessionRecord,
  "kind" | "id" | "manager" | "version" | "earlier" | "expiresAt"
>;

/** A record and the token that opens it. */
export interface Issued {
  readonly token: SessionToken;
  readonly record: SessionRecord;
}

type Parts = Pick<Engine, "keeper" | "environment" | "name" | "events">;

/** A repeated token means a broken source of randomness; it must not go on unnoticed for long. */
export const MAX_TOKENS = 3;

/** Gives fields an identity: a fresh token, its id, a first version. */
export function issue({ environment, name }: Parts, fields: Fields): Issued {
  const token = newToken(environment.random);
  return { token, record: identified(fields, sessionId(token, name), name, environment) };
}

function identified(
  fields: Fields,
  id: SessionId,
  manager: string,
  environment: Engine["environment"],
): SessionRecord {
  return {
    ...fields,
    kind: "live",
    id,
    manager,
    version: newCommitId(environment.random),
    earlier: "",
    expiresAt: storeExpiryOf(fields),
  };
}

/** Stores a new record under a fresh token. */
export async function create(parts: Parts, fields: Fields, deadline: Deadline): Promise<Issued> {
  for (let tokens = 0; tokens < MAX_TOKENS; tokens += 1) {
    const issued = issue(parts, fields);
    if (await isCreated(parts, issued.record, deadline)) return issued;
  }
  throw repeatingTokens();
}

/** A record that may have been stored, and whose token nobody will be told, is taken back. */
async function isCreated(
  parts: Parts,
  record: SessionRecord,
  deadline: Deadline,
): Promise<boolean> {
  try {
    return (await parts.keeper.create(record, deadline)) === "created";
  } catch (error) {
    await undo(parts, record.id, deadline);
    throw error;
  }
}

/** The error of a source of randomness that gives the same token again and again. */
export function repeatingTokens(): Error {
  return new Error("The source of randomness repeats itself; no session can be made.");
}

/** How a session is continued under a new token. */
export interface Continuation {
  /** The new record's fields, made from the newest old one, as often as that changes. */
  derive(newest: Fields): Fields;
  /** Whether a late revoke of the old session ends the new one too. */
  readonly isLinked: boolean;
  /** Asked once the new record exists; it gives way if the answer is no. */
  admit(): Promise<boolean>;
}

/** The new session, and the error that says that nobody knows whether the old one ended. */
export interface Continued extends Issued {
  readonly unsettled?: StoreError;
}

/**
 * Continues a session under a new token. The old one is dead when the promise resolves, but for
 * an `unsettled` end.
 *
 * Create before end: a crash in between leaves two sessions, not none. The end is
 * compare-and-set, so that a write acknowledged meanwhile is carried over, and a session that was
 * ended meanwhile takes its successor along.
 *
 * @param old - The stored record, or the fields of a visitor who has none.
 * @throws {@link SessionEndedError} if the old session was ended meanwhile; nothing is left then.
 */
export async function continueUnder(
  parts: Parts,
  old: SessionRecord | Fields,
  continuation: Continuation,
  deadline: Deadline,
): Promise<Continued> {
  const { token, record } = await create(parts, continuation.derive(old), deadline);
  try {
    if (!(await continuation.admit())) throw new SessionEndedError("sign in");
    if (!("id" in old)) return { token, record };
    return { token, ...(await handOver(parts, old, record, continuation, deadline)) };
  } catch (error) {
    await undo(parts, record.id, deadline);
    throw error;
  }
}

/** Ends the old record in favour of its successor, merging what is written to it until then. */
async function handOver(
  parts: Parts,
  old: SessionRecord,
  first: SessionRecord,
  { derive, isLinked }: Continuation,
  deadline: Deadline,
): Promise<Omit<Continued, "token">> {
  const next = isLinked ? first.id : undefined;
  let successor = first;
  let newest = old;
  for (;;) {
    const stone = tombstone(parts, newest, "regenerated", deadline, next);
    const outcome = await endOrUnknown(parts, stone, newest.version, deadline);
    if (outcome instanceof StoreError) return { record: successor, unsettled: outcome };
    if (outcome.kind === "ended") return { record: successor };
    if (outcome.kind === "gone") throw new SessionEndedError("give the session a new token");
    newest = outcome.current;
    successor = await rewrite(parts, successor, derive(newest), deadline);
  }
}

/** An end of unknown outcome must not cost the visitor the successor: the old one may be gone. */
async function endOrUnknown(
  { keeper }: Parts,
  stone: Tombstone,
  expected: CommitId,
  deadline: Deadline,
): Promise<EndOutcome | StoreError> {
  try {
    return await keeper.end(stone, expected, deadline);
  } catch (error) {
    if (error instanceof StoreError && error.outcome === "unknown") return error;
    throw error;
  }
}

async function rewrite(
  parts: Parts,
  previous: SessionRecord,
  fields: Fields,
  deadline: Deadline,
): Promise<SessionRecord> {
  const { id, manager, version } = previous;
  const record = {
    ...identified(fields, id, manager, parts.environment),
    earlier: commitsBefore(previous),
  };
  const outcome = await parts.keeper.update(record, version, deadline);
  if (outcome.kind === "updated") return record;
  throw new SessionEndedError("give the session a new token");
}

/** Takes a successor back that nobody has been told of. If that fails too, it expires unused. */
async function undo(parts: Parts, id: SessionId, deadline: Deadline): Promise<void> {
  const stone = tombstone(parts, { id, manager: parts.name }, "destroyed", deadline);
  await parts.keeper.end(stone, undefined, deadline).catch(() => undefined);
}

/** The live id that a session has by now: its own, or that of its last successor. */
export async function currentId(
  parts: Parts,
  id: SessionId,
  deadline: Deadline,
): Promise<SessionId> {
  const stored = await parts.keeper.load(id, deadline);
  const next = stored?.kind === "ended" ? stored.next : undefined;
  return next === undefined ? id : currentId(parts, next, deadline);
}

/** What `endFollowing` ends, and how. */
export interface Ending {
  readonly reason: EndReason;
  /** Whether a record may be ended: asked for the session itself and for each successor. */
  accepts(record: SessionRecord): boolean;
}

/**
 * Ends a session, or what it has become: the pointers of regenerated sessions are followed.
 * Resolves to the record that was ended, or to `undefined` if nothing live was there.
 */
export async function endFollowing(
  parts: Parts,
  id: SessionId,
  ending: Ending,
  deadline: Deadline,
): Promise<SessionRecord | undefined> {
  const stored = await parts.keeper.load(id, deadline);
  if (stored?.kind === "live") return endRecord(parts, stored, ending, deadline);
  return stored?.next && endFollowing(parts, stored.next, ending, deadline);
}

/** As {@link endFollowing}, where the record is known already. */
export async function endRecord(
  parts: Parts,
  record: SessionRecord,
  ending: Ending,
  deadline: Deadline,
): Promise<SessionRecord | undefined> {
  if (record.manager !== parts.name || !ending.accepts(record)) return undefined;
  const stone = tombstone(parts, record, ending.reason, deadline);
  const outcome = await parts.keeper.end(stone, undefined, deadline);
  if (outcome.kind === "ended") return record;
  const next = outcome.kind === "gone" ? outcome.tombstone?.next : record.id;
  return next && endFollowing(parts, next, ending, deadline);
}

function tombstone(
  { environment }: Parts,
  { id, manager }: Pick<SessionRecord, "id" | "manager">,
  reason: EndReason,
  { now }: Deadline,
  next?: SessionId,
): Tombstone {
  const version = newCommitId(environment.random);
  const expiresAt = now + TOMBSTONE_MS;
  return { kind: "ended", id, manager, version, reason, endedAt: now, next, expiresAt };
}
