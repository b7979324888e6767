import { daysOf } from "./signing-options.ts";

/** How long browsers keep a cookie of Tornado's: so many days, or until they are closed. */
export type TornadoCookieLife = number | "untilClosed";

/** The same, checked; `undefined` until they are closed. */
export function resolveCookieLife(option: string, life: TornadoCookieLife): number | undefined {
  return life === "untilClosed" ? undefined : daysOf(option, life) * DAY_MS;
}

/** A day in milliseconds. */
export const DAY_MS = 86_400_000;
