import { storeExpiryOf, tombstoneExpiryAt } from "../clocks.ts";
import type { Deadline } from "../deadline.ts";
import type { Engine, NewToken } from "../engine.ts";
import { editNotes, notesOfEnded, notesOfUser } from "../notes.ts";
import type { Identity } from "../passage.ts";
import type { EndReason, SessionRecord, Tombstone } from "../record.ts";
import { tombstoneOf } from "../store-steps.ts";
import { type CommitId, newCommitId, type SessionId } from "../token.ts";
import type { Fields } from "./new-record.ts";

/** A record and the token that opens it. */
export interface Issued {
  readonly token: string;
  readonly record: SessionRecord;
}

type Parts = Pick<Engine, "keeper" | "environment" | "name">;

/** A repeated token means a broken source of randomness; it must not go on unnoticed for long. */
export const MAX_TOKENS = 3;

/** Gives fields an identity: a fresh token, its id, a first version. */
function issued({ environment, name }: Parts, { token, id }: Identity, fields: Fields): Issued {
  return { token, record: identified(fields, id, name, environment) };
}

/** Gives fields the identity of a record that is there already, and a version of its own. */
export function identified(
  fields: Fields,
  id: SessionId,
  manager: string,
  { random }: Engine["environment"],
): SessionRecord {
  return recordOf(fields, id, manager, newCommitId(random));
}

/** Gives fields an identity under which nothing is stored yet: the first commit gives it its version. */
export function unstored({ name }: Pick<Parts, "name">, fresh: Identity, fields: Fields): Issued {
  const { token, id } = fresh;
  return { token, record: recordOf(fields, id, name, NO_COMMIT) };
}

const NO_COMMIT = "" as CommitId;

function recordOf(
  fields: Fields,
  id: SessionId,
  manager: string,
  version: CommitId,
): SessionRecord {
  const expiresAt = storeExpiryOf(fields);
  return { ...fields, kind: "live", id, manager, version, earlier: "", expiresAt };
}

/** Stores a new record under a fresh token. */
export async function create(
  parts: Parts,
  issue: () => Identity,
  fields: Fields,
  deadline: Deadline,
): Promise<Issued> {
  for (let tokens = 0; tokens < MAX_TOKENS; tokens += 1) {
    const { token, record } = issued(parts, issue(), fields);
    if (await isCreated(parts, record, deadline)) return { token, record };
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

/** Takes a successor back that nobody has been told of. If that fails too, it expires unused. */
export async function undo(parts: Parts, id: SessionId, deadline: Deadline): Promise<void> {
  const stone = tombstone(parts, { id, manager: parts.name }, "destroyed", deadline);
  await parts.keeper.end(stone, undefined, deadline).catch(() => undefined);
}

/** What is to stand where a session ends. */
export function tombstone(
  { environment }: Pick<Parts, "environment">,
  session: Pick<SessionRecord, "id" | "manager"> & Partial<Pick<SessionRecord, "userId">>,
  reason: EndReason,
  { now }: Deadline,
): Tombstone {
  const version = newCommitId(environment.random);
  const expiresAt = tombstoneExpiryAt(now);
  const notes = notesOfUser(session.userId, session.manager);
  return tombstoneOf(session.id, session, { version, reason, endedAt: now, notes, expiresAt });
}

/** What is to stand where a session ends because the visitor was given a new token. */
export function handOverStone(
  parts: Pick<Engine, "environment" | "protections">,
  record: SessionRecord,
  next: SessionRecord | undefined,
  why: NewToken,
  deadline: Deadline,
): Tombstone {
  const plain = tombstone(parts, record, "regenerated", deadline);
  const stone = { ...plain, next: next?.id, notes: notesOfEnded(record) };
  const rules = parts.protections?.tokens;
  if (rules === undefined || next === undefined) return stone;
  const { edit, keepUntil } = rules.retiring(record, next, why);
  const expiresAt = Math.max(stone.expiresAt, keepUntil);
  return { ...stone, expiresAt, notes: editNotes(stone.notes, [edit]) };
}
