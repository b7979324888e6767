import { parseObject } from "./json.ts";
import { dueTimesIn, editNotes, ofDueTimes } from "./notes.ts";
import type { EpochMs, SessionRecord } from "./record.ts";

/**
 * The record without the values whose own time is over; itself where there are none, which costs a
 * look at its notes. Whoever reads a record as it was stored asks for this first, so that neither
 * the schema nor an edit sees what is due.
 */
export function withoutDue<Kept extends Pick<SessionRecord, "data" | "notes">>(
  record: Kept,
  now: EpochMs,
): Kept {
  const times = dueTimesIn(record.notes);
  if (times === undefined) return record;
  const due = [...times].filter(([, at]) => now >= at);
  const document = due.length === 0 ? undefined : parseObject(record.data);
  if (document === undefined) return record;
  for (const [key] of due) delete document[key];
  const rest = new Map([...times].filter(([, at]) => now < at));
  return {
    ...record,
    data: JSON.stringify(document),
    notes: editNotes(record.notes, [ofDueTimes(rest)]),
  };
}

/**
 * A value that is written: its JSON text, where `undefined` deletes, and when it is due, where it has a
 * time of its own.
 */
export type WrittenValue = readonly [
  key: string,
  text: string | undefined,
  dueAt?: EpochMs | undefined,
];

/**
 * The notes once values are written: each comes with its own time, or takes the last one's away.
 *
 * @param spared - Where the document was cleared: the keys that stay.
 */
export function noteWritten(
  notes: string | undefined,
  values: readonly WrittenValue[],
  spared: ReadonlySet<string> | undefined,
): string | undefined {
  const before = dueTimesIn(notes);
  if (before === undefined && !values.some(hasTime)) return notes;
  const written = new Map(values.map(([key, , dueAt]) => [key, dueAt]));
  const stays = (key: string): boolean =>
    spared === undefined || spared.has(key) || written.has(key);
  const times = new Map([...(before ?? [])].filter(([key]) => stays(key)));
  for (const [key, at] of written) put(times, key, at);
  return editNotes(notes, [ofDueTimes(times)]);
}

// Without taking the value apart, which makes an iterator for each: most writes ask only this.
function hasTime(value: WrittenValue): boolean {
  return value[2] !== undefined;
}

/** The same for one key. */
export function noteDue(
  notes: string | undefined,
  key: string,
  at: EpochMs | undefined,
): string | undefined {
  const before = dueTimesIn(notes);
  if (before?.get(key) === at) return notes;
  const times = new Map(before);
  put(times, key, at);
  return editNotes(notes, [ofDueTimes(times)]);
}

function put(times: Map<string, EpochMs>, key: string, at: EpochMs | undefined): void {
  if (at === undefined) times.delete(key);
  else times.set(key, at);
}

/** The room that the times take; empty where no value has one. */
export function dueText(notes: string | undefined): string {
  const times = dueTimesIn(notes);
  return times === undefined ? "" : JSON.stringify(Object.fromEntries(times));
}
