import type { FlashEntry } from "../../core/commit/edit.ts";
import { asObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { EpochMs } from "../../core/record.ts";

/** A name of a user's: text, or the number of a row. */
export function userIn(value: JsonValue | undefined): string | undefined {
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Whom Passport has signed in: `passport.user`, or with Fastify's `passport` itself. */
export function passportUser({ passport }: JsonObject): string | undefined {
  return userIn(passport) ?? userIn(asObject(passport)?.["user"]);
}

/** The messages of connect-flash and its kin, which nobody has seen yet: lists under `flash`. */
export function flashedIn({ flash }: JsonObject): readonly FlashEntry[] {
  return Object.entries(asObject(flash) ?? {}).flatMap(([key, messages]) =>
    (Array.isArray(messages) ? messages : []).map(
      (message: JsonValue, at): FlashEntry => [`${key}/${at}`, key, message],
    ),
  );
}

/** A moment as JSON and drivers write it: an ISO text, or milliseconds. */
export function timeIn(value: JsonValue | undefined): EpochMs | undefined {
  const time = typeof value === "string" ? Date.parse(value) : value;
  return typeof time === "number" && Number.isSafeInteger(time) && time > 0 ? time : undefined;
}

/** So far the clock may be ahead that a session was written by. */
const AHEAD_MS = 60_000;

/**
 * When a session was written that ends so long after that; `undefined` where this would be to come:
 * then it lives longer than was said, and nobody knows.
 */
export function writtenBefore(
  endsAt: EpochMs | undefined,
  lifetimeMs: number | undefined,
  now: EpochMs,
): EpochMs | undefined {
  if (endsAt === undefined || lifetimeMs === undefined) return undefined;
  const writtenAt = endsAt - lifetimeMs;
  return writtenAt > 0 && writtenAt <= now + AHEAD_MS ? writtenAt : undefined;
}
