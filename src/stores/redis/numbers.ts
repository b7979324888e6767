import type { EpochMs, Policy, SessionRecord } from "../../core/record.ts";
import { Unforeseen } from "./replies.ts";

// The second line of a live record (see records.ts): when it was created, and its marks.

const RADIX = 36;
const SECOND_MS = 1_000;
/** Those of a session that is not remembered, where the application sets none. */
const USUAL: Policy = { idleTimeoutMs: 1_800_000, absoluteTimeoutMs: 43_200_000 };

const FIRST_MARK: number = "A".charCodeAt(0);
const LAST_MARK: number = "Z".charCodeAt(0);

/** What the second line of a live record tells. */
export interface Numbers extends Policy {
  readonly createdAt: EpochMs;
  readonly authenticatedAt: EpochMs | undefined;
  readonly persistent: boolean;
  readonly flashLength: number;
  /** Whether there is a line for it. */
  readonly hasDevice: boolean;
  readonly hasNotes: boolean;
}

/** Writes the second line: of whatever is usual, there is nothing in it. */
export function numbersText(record: SessionRecord): string {
  const { createdAt, authenticatedAt, idleTimeoutMs, absoluteTimeoutMs, flash } = record;
  let text = shortText(createdAt);
  if (authenticatedAt === createdAt) text += "A";
  else if (authenticatedAt !== undefined) text += `A${shortText(authenticatedAt - createdAt)}`;
  if (idleTimeoutMs !== USUAL.idleTimeoutMs) text += `I${durationText(idleTimeoutMs)}`;
  if (absoluteTimeoutMs !== USUAL.absoluteTimeoutMs) text += `T${durationText(absoluteTimeoutMs)}`;
  if (record.persistent) text += "P";
  if (flash !== "") text += `F${shortText(flash.length)}`;
  if (record.device !== undefined) text += "D";
  if (record.notes !== undefined) text += "N";
  return text;
}

/** Reads what {@link numbersText} wrote. */
export function numbersIn(line: string): Numbers {
  let end = markAfter(line, 0);
  const numbers: Writable<Numbers> = { createdAt: numberOf(line.slice(0, end)), ...UNMARKED };
  while (end < line.length) {
    const at = end;
    end = markAfter(line, at + 1);
    apply(line.charAt(at), line.slice(at + 1, end), numbers);
  }
  return numbers;
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

const UNMARKED: Omit<Numbers, "createdAt"> = {
  authenticatedAt: undefined,
  ...USUAL,
  persistent: false,
  flashLength: 0,
  hasDevice: false,
  hasNotes: false,
};

function apply(mark: string, value: string, numbers: Writable<Numbers>): void {
  if (mark === "A") numbers.authenticatedAt = sumOf(numbers.createdAt, value);
  else if (mark === "I") numbers.idleTimeoutMs = durationOf(value);
  else if (mark === "T") numbers.absoluteTimeoutMs = durationOf(value);
  else if (mark === "F") numbers.flashLength = numberOf(value);
  else if (mark === "P") numbers.persistent = true;
  else if (mark === "D") numbers.hasDevice = true;
  else if (mark === "N") numbers.hasNotes = true;
}

/** Where the next mark is, or the end of the line. */
function markAfter(line: string, start: number): number {
  let at = start;
  while (at < line.length && !isMark(line.charCodeAt(at))) at += 1;
  return at;
}

function isMark(code: number): boolean {
  return code >= FIRST_MARK && code <= LAST_MARK;
}

/**
 * Reads the second line as the earlier release wrote it. There was a line for the device in any
 * case, and one for the notes, but for a release that had none.
 */
export function earlierNumbersIn(line: string, hasNotes: boolean): Numbers {
  const [created = "", authenticated = "", idle = "", absolute = "", persistent, flash = ""] =
    line.split(" ");
  const createdAt = numberOf(created);
  return {
    createdAt,
    authenticatedAt: authenticated === "" ? undefined : sumOf(createdAt, authenticated),
    idleTimeoutMs: durationOf(idle),
    absoluteTimeoutMs: durationOf(absolute),
    persistent: persistent === "1",
    flashLength: sumOf(0, flash),
    hasDevice: true,
    hasNotes,
  };
}

/** A number in as few digits as the scripts can read. */
export function shortText(value: number): string {
  return value.toString(RADIX);
}

/**
 * Reads what {@link shortText} wrote.
 *
 * @throws {@link Unforeseen} for what is no number: a clock that is none would never run out.
 */
export function numberOf(text: string): number {
  const number = Number.parseInt(text, RADIX);
  if (!Number.isSafeInteger(number)) throw new Unforeseen("a number of the session is none");
  return number;
}

function sumOf(base: number, text: string): number {
  return text === "" ? base : base + numberOf(text);
}

// Few timeouts are not whole seconds; they have a dot behind.
function durationText(ms: number): string {
  return ms % SECOND_MS === 0 ? shortText(ms / SECOND_MS) : `${shortText(ms)}.`;
}

function durationOf(text: string): number {
  return text.endsWith(".") ? numberOf(text) : numberOf(text) * SECOND_MS;
}
