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
import { Unforeseen } from "./replies.ts";

// One text holds a record: a hash whose data is longer than 64 bytes takes several times the
// memory. In front stands what the scripts read and what a touch overwrites in place:
//
//   L<end><last activity><version> <earlier …>\n
//   <created> <authenticated> <idle timeout> <absolute timeout> <persistent> <length of flash>\n
//   <manager>\n<user>\n<device>\n<notes>\n<flash><data>
//
//   E<end><ended><version>\n<reason> <next>\n<manager>\n<notes>\n

const RADIX = 36;
/** Enough for times until the year 5188. */
const TIME_DIGITS = 9;
const COMMITS_AT: number = 1 + 2 * TIME_DIGITS;

const SECOND_MS = 1_000;
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
  return Math.max(Math.trunc(ms), 0).toString(RADIX).padStart(TIME_DIGITS, "0");
}

/** The text of a live record. */
export function recordText(record: SessionRecord): string {
  const { createdAt, authenticatedAt, idleTimeoutMs, absoluteTimeoutMs } = record;
  const numbers = [
    shortText(createdAt),
    authenticatedAt === undefined ? "" : shortText(authenticatedAt - createdAt),
    durationText(idleTimeoutMs),
    durationText(absoluteTimeoutMs),
    record.persistent ? "1" : "",
    record.flash === "" ? "" : shortText(record.flash.length),
  ];
  const commits = record.earlier === "" ? record.version : `${record.version} ${record.earlier}`;
  const lines = [
    `L${timeText(record.expiresAt)}${timeText(record.lastSeenAt)}${commits}`,
    numbers.join(" ").trimEnd(),
    ownerText(record),
    lineText(record.device),
    lineText(record.notes),
    record.flash + record.data,
  ];
  return lines.join("\n");
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

const SESSION = /^[LE][\da-z]{18}/;

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

const LINES_OF_FACTS = /^(?:[^\n]*\n){6}/;

/** Whether all lines in front of a record's data are there; of an ended one nothing is needed. */
export function holdsFacts(head: string): boolean {
  return !isLive(head) || LINES_OF_FACTS.test(head);
}

function isPast(text: string, now: EpochMs): boolean {
  if (!SESSION.test(text)) throw new Unforeseen("what stands under the id is no session");
  return timeAt(text, 1) <= now;
}

function isLive(text: string): boolean {
  return text.startsWith("L");
}

/** When a record's absolute clock ends, from the first lines of its text. */
export function absoluteEndOf(head: string): EpochMs {
  const numbers = head.split("\n", 2)[1] ?? "";
  const [createdAt = "", , , absoluteTimeoutMs = ""] = numbers.split(" ");
  return numberOf(createdAt) + durationOf(absoluteTimeoutMs);
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
  const [commitsEnd, numbersEnd, managerEnd, userEnd, deviceEnd, sixthEnd] = linesOf(text);
  // An earlier release wrote no line for notes, and what stands behind is JSON, which has one line.
  const notesEnd = sixthEnd === -1 ? deviceEnd : sixthEnd;
  const commits = text.slice(COMMITS_AT, commitsEnd);
  const space = commits.indexOf(" ");
  const numbers = text.slice(commitsEnd + 1, numbersEnd).split(" ");
  const [created = "", authenticated = "", idle = "", absolute = "", persistent, flash = ""] =
    numbers;
  const createdAt = numberOf(created);
  const facts: SessionFacts = {
    kind: "live",
    id,
    manager: managerIn(text.slice(numbersEnd + 1, managerEnd)),
    version: (space === -1 ? commits : commits.slice(0, space)) as CommitId,
    earlier: space === -1 ? "" : commits.slice(space + 1),
    notes: lineValue(text.slice(deviceEnd + 1, notesEnd)),
    userId: lineValue(text.slice(managerEnd + 1, userEnd)),
    createdAt,
    lastSeenAt: timeAt(text, 1 + TIME_DIGITS),
    authenticatedAt: authenticated === "" ? undefined : createdAt + numberOf(authenticated),
    persistent: persistent === "1",
    device: lineValue(text.slice(userEnd + 1, deviceEnd)),
    idleTimeoutMs: durationOf(idle),
    absoluteTimeoutMs: durationOf(absolute),
    expiresAt: timeAt(text, 1),
  };
  return { facts, flashStart: notesEnd + 1, flashLength: flash === "" ? 0 : numberOf(flash) };
}

/** Where the first six lines end. */
function linesOf(text: string): readonly [number, number, number, number, number, number] {
  const first = text.indexOf("\n");
  const second = text.indexOf("\n", first + 1);
  const third = text.indexOf("\n", second + 1);
  const fourth = text.indexOf("\n", third + 1);
  const fifth = text.indexOf("\n", fourth + 1);
  return [first, second, third, fourth, fifth, text.indexOf("\n", fifth + 1)];
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

// Few timeouts are not whole seconds; they have a dot behind.
function durationText(ms: number): string {
  return ms % SECOND_MS === 0 ? shortText(ms / SECOND_MS) : `${shortText(ms)}.`;
}

function durationOf(text: string): number {
  return text.endsWith(".") ? numberOf(text) : numberOf(text) * SECOND_MS;
}

function shortText(value: number): string {
  return value.toString(RADIX);
}

function numberOf(text: string): number {
  return Number.parseInt(text, RADIX);
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
