import type {
  EndReason,
  EpochMs,
  SessionFacts,
  SessionRecord,
  StoredSession,
  Tombstone,
} from "../../core/record.ts";
import type { UserKey } from "../../core/store.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import {
  earlierNumbersIn,
  type Numbers,
  numberOf,
  numbersIn,
  numbersText,
  shortText,
} from "./numbers.ts";
import { Unforeseen } from "./replies.ts";

// One text holds a record: a hash whose data is longer than 64 bytes takes several times the
// memory. In front stands what the scripts read and what a touch overwrites in place:
//
//   M<end><last activity><version> <earlier …>\n
//   <created><marks>\n
//   <manager>\n<user>\n[<device>\n][<notes>\n]<flash><data>
//
//   E<end><ended><version>\n<reason> <next>\n<manager>\n<notes>\n
//
// As an earlier release wrote it, which is still read:
//
//   L<end><last activity><version> <earlier …>\n
//   <created> <authenticated> <idle timeout> <absolute timeout> <persistent> <length of flash>\n
//   <manager>\n<user>\n<device>\n<notes>\n<flash><data>

/** Enough for times until the year 5188. */
const TIME_DIGITS = 9;
const COMMITS_AT: number = 1 + 2 * TIME_DIGITS;

/** The default of `createSessions({ name })`. */
const USUAL_MANAGER = "session";

const REASONS: Readonly<Record<EndReason, string>> = {
  destroyed: "d",
  signedOut: "s",
  revoked: "r",
  regenerated: "g",
};

/** An instant as the scripts compare it. */
export function timeText(ms: EpochMs): string {
  return shortText(Math.max(Math.trunc(ms), 0)).padStart(TIME_DIGITS, "0");
}

/** The text of a live record. */
export function recordText(record: SessionRecord): string {
  const { version, earlier, device, notes } = record;
  const commits = earlier === "" ? version : `${version} ${earlier}`;
  const deviceLine = device === undefined ? "" : `${lineText(device)}\n`;
  const notesLine = notes === undefined ? "" : `${lineText(notes)}\n`;
  return (
    `M${timeText(record.expiresAt)}${timeText(record.lastSeenAt)}${commits}\n` +
    `${numbersText(record)}\n${ownerText(record)}\n` +
    `${deviceLine}${notesLine}${record.flash}${record.data}`
  );
}

/** The text of a tombstone. */
export function tombstoneText(tombstone: Omit<Tombstone, "id">): string {
  const { expiresAt, endedAt, version, reason, next = "", manager, notes } = tombstone;
  const head = `E${timeText(expiresAt)}${timeText(endedAt)}${version}`;
  return `${head}\n${REASONS[reason]} ${next}\n${managerLine(manager)}\n${lineText(notes)}\n`;
}

/** Whose a record is: two lines of its text. */
export function ownerText(owner: { manager: string; userId: string | undefined }): string {
  return `${managerLine(owner.manager)}\n${lineText(owner.userId)}`;
}

/** Reads what {@link ownerText} wrote; `undefined` where it is nobody's. */
export function userOf(owner: string): UserKey | undefined {
  const [manager = "", user = ""] = owner.split("\n");
  const userId = lineValue(user);
  return userId === undefined ? undefined : { manager: lineValue(manager) ?? "", userId };
}

/** In front of the device, the notes and the data. */
const LINES_OF_OWNER = 4;
/** In front of the data, as an earlier release wrote it. */
const LINES_OF_EARLIER = 6;
const SESSION = /^[LME][\da-z]{18}/;

/** What stands under an id, unless its end is past. */
export function storedOf(
  id: SessionId,
  text: string | undefined,
  now: EpochMs,
): StoredSession | undefined {
  if (text === undefined || isPast(text, now)) return undefined;
  return isLive(text) ? recordOf(id, text) : tombstoneOf(id, text);
}

/** What a list tells of a live session, from a text that {@link holdsFacts}. */
export function factsOf(id: SessionId, head: string, now: EpochMs): SessionFacts | undefined {
  return head === "" || isPast(head, now) || !isLive(head) ? undefined : headOf(id, head).facts;
}

/** Whether all lines in front of a record's data are there; of an ended one nothing is needed. */
export function holdsFacts(head: string): boolean {
  if (!isLive(head)) return true;
  const lines = head.split("\n", LINES_OF_EARLIER + 1).length - 1;
  if (head.startsWith("L") || lines < LINES_OF_OWNER) return lines === LINES_OF_EARLIER;
  const { hasDevice, hasNotes } = numbersOf(head);
  return lines >= LINES_OF_OWNER + Number(hasDevice) + Number(hasNotes);
}

function isPast(text: string, now: EpochMs): boolean {
  if (!SESSION.test(text)) throw new Unforeseen("what stands under the id is no session");
  return timeAt(text, 1) <= now;
}

/** Whether a text is of a live record, from its first letter. */
export function isLive(text: string): boolean {
  return text.startsWith("M") || text.startsWith("L");
}

/** When a record's absolute clock ends, from the first lines of its text. */
export function absoluteEndOf(head: string): EpochMs {
  const { createdAt, absoluteTimeoutMs } = numbersOf(head);
  return createdAt + absoluteTimeoutMs;
}

/** Whose a record is, from the first lines of its text. */
export function ownerIn(head: string): string {
  const [, , manager = "", user = ""] = head.split("\n", 4);
  return `${manager}\n${user}`;
}

function recordOf(id: SessionId, text: string): SessionRecord {
  const { facts, flashStart, flashLength } = headOf(id, text);
  const dataStart = flashStart + flashLength;
  return { ...facts, data: text.slice(dataStart), flash: text.slice(flashStart, dataStart) };
}

/** What stands in front of the data, and where that is. */
interface Head {
  readonly facts: SessionFacts;
  readonly flashStart: number;
  readonly flashLength: number;
}

function headOf(id: SessionId, text: string): Head {
  const { flashLength, hasDevice, hasNotes, ...numbers } = numbersOf(text);
  const commitsEnd = text.indexOf("\n");
  const numbersEnd = text.indexOf("\n", commitsEnd + 1);
  const managerEnd = text.indexOf("\n", numbersEnd + 1);
  const userEnd = text.indexOf("\n", managerEnd + 1);
  const deviceEnd = hasDevice ? text.indexOf("\n", userEnd + 1) : userEnd;
  const notesEnd = hasNotes ? text.indexOf("\n", deviceEnd + 1) : deviceEnd;
  const commits = text.slice(COMMITS_AT, commitsEnd);
  const space = commits.indexOf(" ");
  const facts: SessionFacts = {
    kind: "live",
    id,
    manager: managerIn(text.slice(numbersEnd + 1, managerEnd)),
    version: (space === -1 ? commits : commits.slice(0, space)) as CommitId,
    earlier: space === -1 ? "" : commits.slice(space + 1),
    notes: lineValue(text.slice(deviceEnd + 1, notesEnd)),
    userId: lineValue(text.slice(managerEnd + 1, userEnd)),
    lastSeenAt: timeAt(text, 1 + TIME_DIGITS),
    device: lineValue(text.slice(userEnd + 1, deviceEnd)),
    expiresAt: timeAt(text, 1),
    ...numbers,
  };
  return { facts, flashStart: notesEnd + 1, flashLength };
}

function numbersOf(text: string): Numbers {
  const start = text.indexOf("\n") + 1;
  const end = text.indexOf("\n", start);
  const line = text.slice(start, end === -1 ? undefined : end);
  if (text.startsWith("M")) return numbersIn(line);
  // A still earlier release had no line for notes, and what stands behind is JSON: one line.
  return earlierNumbersIn(line, text.split("\n", LINES_OF_EARLIER + 1).length > LINES_OF_EARLIER);
}

function tombstoneOf(id: SessionId, text: string): Tombstone {
  const [first = "", second = "", manager = "", notes = ""] = text.split("\n", 4);
  const reasons = Object.keys(REASONS) as EndReason[];
  const next = second.slice(2);
  return {
    kind: "ended",
    id,
    manager: managerIn(manager),
    version: first.slice(COMMITS_AT) as CommitId,
    reason: reasons.find((reason) => second.startsWith(REASONS[reason])) ?? "destroyed",
    endedAt: timeAt(text, 1 + TIME_DIGITS),
    next: next === "" ? undefined : (next as SessionId),
    notes: lineValue(notes),
    expiresAt: timeAt(text, 1),
  };
}

function timeAt(text: string, start: number): EpochMs {
  return numberOf(text.slice(start, start + TIME_DIGITS));
}

const ESCAPED = /[\\\n]/g;
const ESCAPE = /\\[\\ne]/g;

/** A manager's name as one line: none for the name that most have. */
export function managerLine(manager: string): string {
  return manager === USUAL_MANAGER ? "" : lineText(manager);
}

function managerIn(line: string): string {
  return lineValue(line) ?? USUAL_MANAGER;
}

/** A text as one line: nothing for undefined, and no line break inside. */
function lineText(value: string | undefined): string {
  if (value === undefined) return "";
  if (value === "") return "\\e";
  return value.replace(ESCAPED, (found) => (found === "\n" ? "\\n" : "\\\\"));
}

function lineValue(line: string): string | undefined {
  if (line === "") return undefined;
  if (!line.includes("\\")) return line;
  return line.replace(ESCAPE, (found) => {
    if (found === "\\n") return "\n";
    return found === "\\e" ? "" : "\\";
  });
}
