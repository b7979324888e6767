import { type JsonObject, type JsonValue, parseObject } from "./json.ts";
import type { EpochMs, SessionRecord, Tombstone } from "./record.ts";
import { hiddenUserId, parseId, type SessionId } from "./token.ts";

/**
 * The entries of a record's notes. Each is changed by a {@link NoteEdit} of its own, and an edit is
 * applied again to the newest notes after a conflict, so that no writer loses another's entry.
 */
const GENERATION = "g";
const FAMILY = "f";
const TOKENS = "n";
const PREDECESSOR = "p";
/** The bounds that a sign-in has set to the session's clocks. */
const IDLE_TIMEOUT = "i";
const ENDS_AT = "e";
/** In a tombstone's notes: a mark of whose session it was. */
const OWNER = "w";
/** As an earlier release noted it, in clear; gone with its tombstones, some minutes later. */
const EARLIER_OWNER = "u";
/** The hand-offs that the visitor waits for. */
const EXPECTED = "h";
/** When values are due that have a time of their own. */
const DUE = "k";
/** Its name as the text has it; within a value the quotes would be escaped. */
const DUE_MARK = `"${DUE}"`;
/** What the application calls the device, and where it says that the user signed in. */
const LABEL = "l";
const PLACE = "o";

/** What the session is elevated for, with the id of the session that is. */
export const ELEVATIONS = "v";
/** The flows that are under way. */
export const FLOWS = "m";
/** Who acts as the session's user, where that is somebody else. */
export const IMPERSONATION = "q";
/** The best factor of the session's user, where that was not proved in it. */
export const BELOW_BEST = "b";
/** A sign-in that is half done. */
export const PENDING = "j";
/** What was proved of a user, is done in their name or under way: it is of no other user. */
const OF_ONE_USER: readonly string[] = [
  ...["a", "c", BELOW_BEST, IMPERSONATION, ELEVATIONS],
  ...[FLOWS, PENDING],
];

/** That the user is to prove anew who they are, whenever they did so last. */
const DOUBT = "D";

/** Changes one entry of the newest notes. */
export type NoteEdit = (notes: JsonObject) => void;

/**
 * Names the sessions that continue each other under new tokens: 96 bits of the first one's id,
 * enough to tell the families of one manager apart.
 */
export type Family = string;

const FAMILY_LENGTH = 16;

/** The text of the notes with the edits applied in turn; `undefined` where nothing is left. */
export function editNotes(
  text: string | undefined,
  edits: readonly NoteEdit[],
): string | undefined {
  if (edits.length === 0) return text;
  const notes = entriesOf(text);
  for (const edit of edits) edit(notes);
  return Object.keys(notes).length === 0 ? undefined : JSON.stringify(notes);
}

/** The family of a session: its own where it is the first. */
export function familyOf({ id, notes }: Pick<SessionRecord | Tombstone, "id" | "notes">): Family {
  const family = entryOf(notes, FAMILY);
  return typeof family === "string" ? family : id.slice(2, 2 + FAMILY_LENGTH);
}

/** Whether a session continues none that is known. */
export function beginsFamily({ notes }: Pick<SessionRecord, "notes">): boolean {
  return entryOf(notes, FAMILY) === undefined;
}

/** The user's generation that a session was admitted under. */
export function generationOf({ notes }: Pick<SessionRecord, "notes">): number {
  const generation = entryOf(notes, GENERATION);
  return typeof generation === "number" ? generation : 0;
}

/** The session that this one takes over from, as long as nobody has noted that it is over. */
export function predecessorOf({ notes }: Pick<SessionRecord, "notes">): SessionId | undefined {
  return parseId(entryOf(notes, PREDECESSOR));
}

/** Whose session it is that may be ended: `undefined` where anybody's, without a user nobody's. */
export type Owner = { readonly userId: string | undefined } | undefined;

/** Whether a session is the owner's; of one that has ended, whether that was noted. */
export function isOwnedBy(owner: Owner, stored: SessionRecord | Tombstone): boolean {
  if (owner === undefined) return true;
  const { userId } = owner;
  if (userId === undefined) return false;
  if (stored.kind === "live") return stored.userId === userId;
  const mark = entryOf(stored.notes, OWNER);
  if (mark !== undefined) return mark === hiddenUserId(userId, stored.manager);
  return entryOf(stored.notes, EARLIER_OWNER) === userId;
}

/** Finds by its mark whose a session was that has ended, among users by their marks. */
export function ownerAmong<User>(
  users: { get(mark: string): User | undefined },
  { notes, manager }: Tombstone,
): User | undefined {
  const mark = entryOf(notes, OWNER);
  if (typeof mark === "string") return users.get(mark);
  const userId = entryOf(notes, EARLIER_OWNER);
  return typeof userId === "string" ? users.get(hiddenUserId(userId, manager)) : undefined;
}

/** Whether nobody is known to have signed in to a session, live or ended. */
export function isNobodys(stored: SessionRecord | Tombstone): boolean {
  if (stored.kind === "live") return stored.userId === undefined;
  const { notes } = stored;
  return entryOf(notes, OWNER) === undefined && entryOf(notes, EARLIER_OWNER) === undefined;
}

/** Notes the user's generation; 0 is left out. */
export function ofGeneration(generation: number): NoteEdit {
  return (notes) => put(notes, GENERATION, generation === 0 ? undefined : generation);
}

/** Notes the family; a session that begins one notes none. */
export function ofFamily(family: Family | undefined): NoteEdit {
  return (notes) => put(notes, FAMILY, family);
}

/** How many tokens the family had before this session's. */
export function tokensBefore({ notes }: Pick<SessionRecord | Tombstone, "notes">): number {
  const tokens = entryOf(notes, TOKENS);
  return typeof tokens === "number" ? tokens : 0;
}

/** Notes how many tokens there were before; 0 is left out. */
export function afterTokens(tokens: number): NoteEdit {
  return (notes) => put(notes, TOKENS, tokens === 0 ? undefined : tokens);
}

/** Notes that the session takes over from another one; `undefined` that this is done. */
export function takingOverFrom(predecessor: SessionId | undefined): NoteEdit {
  return (notes) => put(notes, PREDECESSOR, predecessor);
}

/** What a sign-in has set to the session's clocks, whatever its visitor wishes since. */
export interface Bounds {
  readonly idleTimeoutMs: number;
  readonly endsAt: EpochMs;
}

/** The bounds of a session; infinite where none were set. */
export function boundsIn({ notes }: Pick<SessionRecord, "notes">): Bounds {
  return {
    idleTimeoutMs: numberIn(notes, IDLE_TIMEOUT) ?? Number.POSITIVE_INFINITY,
    endsAt: numberIn(notes, ENDS_AT) ?? Number.POSITIVE_INFINITY,
  };
}

/** Notes the bounds; what is infinite is left out. */
export function ofBounds({ idleTimeoutMs, endsAt }: Bounds): NoteEdit {
  return (notes) => {
    put(notes, IDLE_TIMEOUT, Number.isFinite(idleTimeoutMs) ? idleTimeoutMs : undefined);
    put(notes, ENDS_AT, Number.isFinite(endsAt) ? endsAt : undefined);
  };
}

/** Notes bounds beside those that are noted: the narrower ones count. */
export function boundedBy({ idleTimeoutMs, endsAt }: Bounds): NoteEdit {
  return (notes) => {
    const before = boundsIn({ notes: JSON.stringify(notes) });
    ofBounds({
      idleTimeoutMs: Math.min(before.idleTimeoutMs, idleTimeoutMs),
      endsAt: Math.min(before.endsAt, endsAt),
    })(notes);
  };
}

/** When values are due that have a time of their own, by their keys: epoch ms. */
export type DueTimes = ReadonlyMap<string, EpochMs>;

/** `undefined` where none has, which for most sessions takes no parse. */
export function dueTimesIn(notes: string | undefined): DueTimes | undefined {
  if (notes?.includes(DUE_MARK) !== true) return undefined;
  const entry = entryOf(notes, DUE);
  if (entry === undefined) return undefined;
  const times = Object.entries(entry ?? {});
  return new Map(times.filter((each): each is [string, EpochMs] => typeof each[1] === "number"));
}

/** Notes when values are due. */
export function ofDueTimes(times: DueTimes): NoteEdit {
  return (notes) => put(notes, DUE, times.size === 0 ? undefined : Object.fromEntries(times));
}

/** What the application says of a session, for a list of the user's devices. */
export interface Naming {
  readonly label: string | undefined;
  readonly place: string | undefined;
}

const UNNAMED: Naming = { label: undefined, place: undefined };

/** What the application has said of a session. */
export function namingIn({ notes }: Pick<SessionRecord, "notes">): Naming {
  if (notes === undefined) return UNNAMED;
  const { [LABEL]: label, [PLACE]: place } = entriesOf(notes);
  return { label: textOf(label), place: textOf(place) };
}

/** Notes what the device is called. */
export function ofLabel(label: string | undefined): NoteEdit {
  return (notes) => put(notes, LABEL, label);
}

/** Notes what the application says of the session. */
export function ofNaming({ label, place }: Naming): NoteEdit {
  return (notes) => {
    put(notes, LABEL, label);
    put(notes, PLACE, place);
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberIn(notes: string | undefined, key: string): number | undefined {
  const value = entryOf(notes, key);
  return typeof value === "number" ? value : undefined;
}

/** A hand-off that a visitor waits for. Their verifier is made of the nonce and their token. */
export type Expected = readonly [nonce: string, audience: string, endsAt: EpochMs];

/** Who opens more pages at once, and goes on in the first, begins anew there. */
const MAX_EXPECTED = 4;

/** The hand-offs that a session's visitor waits for, the newest last. */
export function expectedIn({ notes }: Pick<SessionRecord, "notes">): readonly Expected[] {
  // Nobody else writes these notes, so what is there has the form that we gave it.
  return (entryOf(notes, EXPECTED) as readonly Expected[] | undefined) ?? [];
}

/** Notes a hand-off that the visitor waits for, beside the others. */
export function alsoExpecting(expected: Expected): NoteEdit {
  return (notes) => {
    const others = (notes[EXPECTED] as readonly Expected[] | undefined) ?? [];
    notes[EXPECTED] = [...others, expected].slice(-MAX_EXPECTED);
  };
}

/** What a tombstone tells of the session: for those who look for what has become of it. */
export function notesOfEnded(record: SessionRecord): string {
  const { manager, userId } = record;
  const tokens = tokensBefore(record) || undefined;
  const owner = userId === undefined ? undefined : hiddenUserId(userId, manager);
  return JSON.stringify({ [FAMILY]: familyOf(record), [TOKENS]: tokens, [OWNER]: owner });
}

/** What a tombstone tells of a session that nothing takes over from: whose it was. */
export function notesOfUser(userId: string | undefined, manager: string): string | undefined {
  if (userId === undefined) return undefined;
  return JSON.stringify({ [OWNER]: hiddenUserId(userId, manager) });
}

/** Whether a session was ended by itself, as its family gets no new tokens: it notes which one. */
export function isStopped({ reason, notes }: Tombstone): boolean {
  return reason === "revoked" && entryOf(notes, FAMILY) !== undefined;
}

const LEADING_ELSEWHERE = [GENERATION, FAMILY, TOKENS, PREDECESSOR, EXPECTED];

/**
 * The notes that make sense by themselves: for a place that keeps no tombstones and no side records,
 * where what leads to others would lead nowhere.
 */
export function lastingNotes(text: string | undefined): string | undefined {
  const drop: NoteEdit = (notes) => {
    for (const key of LEADING_ELSEWHERE) delete notes[key];
  };
  return text === undefined ? undefined : editNotes(text, [drop]);
}

/** The notes without what is of one user alone: for a place where others may have signed in another. */
export function notesOfNobody(text: string | undefined): string | undefined {
  const drop: NoteEdit = (notes) => {
    for (const key of OF_ONE_USER) delete notes[key];
  };
  return text === undefined ? undefined : editNotes(text, [drop]);
}

/** Takes the flows that are under way along to another record of the same user. */
export function withFlowsOf(previous: string | undefined): NoteEdit {
  const flows = entryOf(previous, FLOWS) as JsonValue | undefined;
  return (notes) => put(notes, FLOWS, flows);
}

/** Whether something speaks against the user's last proof of who they are. */
export function isDoubted({ notes }: Pick<SessionRecord, "notes">): boolean {
  return entryOf(notes, DOUBT) !== undefined;
}

/** Notes that nothing proved until now is fresh any more; a sign-in notes nothing of it. */
export const ofDoubt: NoteEdit = (notes) => put(notes, DOUBT, 1);

/** Sets one entry; `undefined` leaves it out. */
export function put(notes: JsonObject, key: string, value: JsonValue | undefined): void {
  if (value === undefined) delete notes[key];
  else notes[key] = value;
}

/** One entry, as it was noted. */
export function entryOf(text: string | undefined, key: string): unknown {
  return text === undefined ? undefined : entriesOf(text)[key];
}

function entriesOf(text: string | undefined): JsonObject {
  return (text === undefined ? undefined : parseObject(text)) ?? {};
}
