import type { PyTimedelta } from "../values.ts";

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
