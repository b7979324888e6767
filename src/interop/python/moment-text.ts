import { type PyMoment, PyTimedelta } from "./values.ts";

/** A day of the calendar. */
export interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** A time of day. */
export interface Clock {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
}

/** What an `isoformat()` says. */
export interface MomentParts {
  readonly day: Day;
  readonly clock: Clock;
  readonly offset: PyTimedelta | undefined;
}

const DAY = "(\\d{4})-(\\d\\d)-(\\d\\d)";
const CLOCK = "(\\d\\d):(\\d\\d):(\\d\\d)(?:\\.(\\d{6}))?";
const OFFSET = "(?:([+-])(\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d{6}))?)?)?";
const FORMS: Readonly<Record<PyMoment["kind"], RegExp>> = {
  datetime: new RegExp(`^${DAY}T${CLOCK}${OFFSET}$`),
  date: new RegExp(`^${DAY}()()()()()()()()()$`),
  time: new RegExp(`^()()()${CLOCK}${OFFSET}$`),
};

/** Reads an `isoformat()`. It is `undefined` for what Python does not write. */
export function partsOfMoment({ kind, iso }: PyMoment): MomentParts | undefined {
  const found = FORMS[kind].exec(iso);
  if (found === null) return undefined;
  const [year = 1, month = 1, date = 1, ...rest] = found
    .slice(1)
    .map((digits) => digits || undefined);
  const [hour = 0, minute = 0, second = 0, microsecond = 0, ...offset] = rest;
  const day = { year: Number(year), month: Number(month), day: Number(date) };
  const time = { hour: Number(hour), minute: Number(minute), second: Number(second) };
  const clock = { ...time, microsecond: Number(microsecond) };
  return isDay(day) && isClock(clock) ? { day, clock, offset: offsetOf(offset) } : undefined;
}

function offsetOf(found: readonly (string | undefined)[]): PyTimedelta | undefined {
  const [sign, hours, minutes, second = 0, microsecond = 0] = found;
  if (sign === undefined) return undefined;
  const seconds = Number(hours) * 3600 + Number(minutes) * 60 + Number(second);
  const size = seconds * 1_000_000 + Number(microsecond);
  const total = sign === "-" ? -size : size;
  const days = Math.floor(total / 86_400_000_000);
  const rest = total - days * 86_400_000_000;
  return new PyTimedelta(days, Math.floor(rest / 1_000_000), rest % 1_000_000);
}

/** Whether Python has such a day. */
export function isDay({ year, month, day }: Day): boolean {
  if (year < 1 || year > 9999 || month < 1 || month > 12) return false;
  return day >= 1 && day <= daysIn(year, month);
}

/** Whether a day has such a time. */
export function isClock({ hour, minute, second, microsecond }: Clock): boolean {
  return hour < 24 && minute < 60 && second < 60 && microsecond < 1_000_000;
}

/** `date.isoformat()`. */
export function dayText({ year, month, day }: Day): string {
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
}

/** `time.isoformat()`. */
export function clockText({ hour, minute, second, microsecond }: Clock): string {
  const fraction = microsecond === 0 ? "" : `.${digits(microsecond, 6)}`;
  return `${digits(hour, 2)}:${digits(minute, 2)}:${digits(second, 2)}${fraction}`;
}

/** The end of an aware `isoformat()`. */
export function offsetText({ days, seconds, microseconds }: PyTimedelta): string {
  const total = (days * 86_400 + seconds) * 1_000_000 + microseconds;
  const size = Math.abs(total);
  const second = Math.floor(size / 1_000_000);
  const clock = { hour: Math.floor(second / 3600), minute: Math.floor(second / 60) % 60 };
  const text = clockText({ ...clock, second: second % 60, microsecond: size % 1_000_000 });
  return (total < 0 ? "-" : "+") + text.replace(/:00$/, "");
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

function digits(value: number, length: number): string {
  return String(value).padStart(length, "0");
}
