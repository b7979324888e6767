import { GRACE_MS } from "../../../core/clocks.ts";
import { type JsonObject, parseObject } from "../../../core/json.ts";
import type { SessionRecord } from "../../../core/record.ts";
import { newCommitId, type RandomBytes } from "../../../core/token.ts";
import { Cookie, type CookieOptions } from "../cookie.ts";
import { COOKIE_KEY } from "../engine/session-values.ts";
import type { KeptSession } from "./connect-sessions.ts";
import { STAMP_KEY } from "./stamp.ts";

const DAY_MS = 86_400_000;
/** As the drop-in has it: theirs live for ever, as long as they are used. */
const ABSOLUTE_MS = 90 * DAY_MS;

/** What no application has put there. The second one is session-file-store's own. */
const NOT_DATA: ReadonlySet<string> = new Set([STAMP_KEY, "__lastAccess", "__proto__"]);

/** What is not in the session itself. */
export interface Surroundings {
  readonly random: RandomBytes;
  /** The cookie of a session that has none of its own. */
  usualCookie: Cookie;
  /** Whose a session is, by its data. */
  readonly userIdOf: (data: JsonObject) => string | undefined;
}

/** What a session of theirs has that goes with it: all but its stamp, and of the cookie its lifetime. */
export function dataIn({ cookie, ...all }: KeptSession): JsonObject {
  const entries = Object.entries(all).filter(([key]) => !NOT_DATA.has(key));
  const data = Object.fromEntries(entries);
  return { ...data, [COOKIE_KEY]: { originalMaxAge: lifetimeIn(cookie) } };
}

/** What no date can be made of is a session that ends with the browser: so their touch makes it. */
function lifetimeIn({ originalMaxAge }: JsonObject): number | null {
  if (typeof originalMaxAge !== "number") return null;
  return Number.isNaN(new Date(Date.now() + originalMaxAge).valueOf()) ? null : originalMaxAge;
}

/** The same of a record. */
export function dataOf({ data }: SessionRecord, { usualCookie }: Surroundings): JsonObject {
  const usual = { [COOKIE_KEY]: { originalMaxAge: usualCookie.originalMaxAge ?? null } };
  return { ...usual, ...parseObject(data) };
}

/**
 * A session as express-session keeps it.
 *
 * @param before - The cookie as it stands there, whose attributes stay.
 */
export function keptOf(
  record: SessionRecord,
  surroundings: Surroundings,
  before: JsonObject | undefined,
): object {
  const { [COOKIE_KEY]: own, ...data } = dataOf(record, surroundings);
  const { originalMaxAge } = own as { readonly originalMaxAge: number | null };
  const cookie = new Cookie((before ?? surroundings.usualCookie.data) as CookieOptions);
  cookie.expires = originalMaxAge === null ? null : new Date(record.lastSeenAt + originalMaxAge);
  cookie.originalMaxAge = originalMaxAge;
  return { cookie, ...data };
}

/** The record that goes on with a session of theirs. */
export function begunFrom(
  kept: KeptSession,
  { id, manager, createdAt }: Pick<SessionRecord, "id" | "manager" | "createdAt">,
  surroundings: Surroundings,
): SessionRecord {
  const blank: SessionRecord = {
    kind: "live",
    id,
    manager,
    version: newCommitId(surroundings.random),
    earlier: "",
    data: "{}",
    flash: "",
    notes: undefined,
    userId: undefined,
    createdAt,
    lastSeenAt: createdAt,
    authenticatedAt: undefined,
    persistent: false,
    device: undefined,
    idleTimeoutMs: DAY_MS,
    absoluteTimeoutMs: ABSOLUTE_MS,
    expiresAt: createdAt,
  };
  return withData(blank, dataIn(kept), surroundings);
}

/** A record with other data, and so perhaps of another user, and with another lifetime. */
export function withData(
  record: SessionRecord,
  data: JsonObject,
  { userIdOf }: Surroundings,
): SessionRecord {
  const { originalMaxAge } = Object(data[COOKIE_KEY]) as { readonly originalMaxAge?: unknown };
  const isBounded = typeof originalMaxAge === "number" && originalMaxAge > 0;
  const idleTimeoutMs = isBounded ? originalMaxAge : DAY_MS;
  const absoluteTimeoutMs = Math.max(record.absoluteTimeoutMs, idleTimeoutMs);
  const ends = [record.lastSeenAt + idleTimeoutMs, record.createdAt + absoluteTimeoutMs];
  return {
    ...record,
    data: JSON.stringify(data),
    userId: userIdOf(data),
    idleTimeoutMs,
    absoluteTimeoutMs,
    expiresAt: Math.max(record.expiresAt, Math.min(...ends) + GRACE_MS),
  };
}
