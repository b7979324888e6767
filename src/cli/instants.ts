import { type Duration, durationMs } from "../core/duration.ts";
import { WrongInput } from "./wrong-input.ts";

const MINUTE_MS = 60_000;
const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [365.25 * 86_400_000, "year"],
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [MINUTE_MS, "minute"],
];
const FIRST_YEAR_MS: number = Date.parse("0001-01-01T00:00:00Z");
const LAST_YEAR_MS: number = Date.parse("9999-12-31T23:59:59Z");

/** The instant that `--now` names: an ISO date, or Unix seconds. */
export function instantIn(text: string): number {
  const at = /^\d{1,11}$/.test(text) ? 1_000 * Number(text) : Date.parse(text);
  if (!Number.isNaN(at)) return at;
  throw new WrongInput("--now takes a date such as 2026-11-27T09:30:00Z, or Unix seconds.");
}

/** The milliseconds of `--lifetime`. */
export function lifetimeIn(text: string): number {
  try {
    return durationMs("--lifetime", text as Duration);
  } catch {
    throw new WrongInput('--lifetime takes a number with its unit: "30m", "12h", "31d".');
  }
}

/** An instant to the second, as a person reads it. */
export function instantText(at: number): string {
  if (!(at >= FIRST_YEAR_MS && at <= LAST_YEAR_MS)) return "after the year 9999";
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** How far an instant lies from now, in the largest unit of which it has two, or one. */
export function distanceText(at: number, now: number): string {
  const text = spanText(Math.abs(now - at));
  if (text === undefined) return "just now";
  return at < now ? `${text} ago` : `in ${text}`;
}

/** A length of time in its largest unit, `undefined` below a minute. */
function spanText(ms: number): string | undefined {
  const [unit, name] = UNITS.find(([each]) => ms >= 2 * each) ?? [MINUTE_MS, "minute"];
  const count = Math.floor(ms / unit);
  if (count === 0) return undefined;
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
