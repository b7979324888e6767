import type { EpochMs } from "../../core/record.ts";

const FORM = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/;

/** An instant as Python writes a `datetime` in UTC into SQLite: `2026-01-31 09:08:07.060000`. */
export function pythonTime(ms: EpochMs): string {
  return `${new Date(Math.ceil(ms)).toISOString().replace("T", " ").slice(0, -1)}000`;
}

/** Reads such a text, with or without a fraction; `undefined` where it is none. */
export function pythonTimeIn(text: string): EpochMs | undefined {
  const found = FORM.exec(text);
  if (found === null) return undefined;
  const [, day, time, fraction = ""] = found;
  const ms = Date.parse(`${day}T${time}.${fraction.padEnd(3, "0").slice(0, 3)}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
