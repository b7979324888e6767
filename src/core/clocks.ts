import { type Bounds, boundsIn } from "./notes.ts";
import { type EpochMs, type Policy, type SessionRecord, TOMBSTONE_MS } from "./record.ts";

/** The policies of the three kinds of session. */
export interface Policies {
  readonly signedIn: Policy;
  readonly persistent: Policy;
  readonly anonymous: Policy;
  /** Whether nobody is remembered beyond the browser's end. */
  readonly remembersNobody?: boolean | undefined;
  /** Whether it is another framework that says how long sessions live, and when somebody was here last. */
  readonly areForeign?: boolean | undefined;
  /** The most that a sign-in may ask for; where left out, what its kind of session has. */
  readonly longest?: Policy | undefined;
  /** Whether sessions of another kind go on here, of which nobody knows how long they live there. */
  readonly areInherited?: boolean | undefined;
}

/** The longest absolute timeout that any session may have. */
export function longestLifeMs({ signedIn, persistent, anonymous, longest }: Policies): number {
  const lives = [signedIn, persistent, anonymous, longest ?? signedIn];
  return Math.max(...lives.map(({ absoluteTimeoutMs }) => absoluteTimeoutMs));
}

/** What a session's clocks depend on. */
export type Clocked = Pick<
  SessionRecord,
  "createdAt" | "lastSeenAt" | "idleTimeoutMs" | "absoluteTimeoutMs"
>;

/** A store keeps a record this long past its end, for clock skew and requests still running. */
export const GRACE_MS = 300_000;

/**
 * A sweep leaves for so long what has expired. Nobody sees it any more, and a clock that is ahead by
 * less, for an hour by a slip of its zone, deletes nothing that others still use.
 */
export const SWEEP_DELAY_MS = 3_600_000;

/** A touch is written at most once in this fraction of the idle timeout. */
const TOUCHES_PER_IDLE_TIMEOUT = 10;

/** The policy for a session: remembered, signed in or anonymous. */
export function policyFor(
  policies: Policies,
  session: Pick<SessionRecord, "persistent" | "userId">,
): Policy {
  if (session.persistent) return policies.persistent;
  return session.userId === undefined ? policies.anonymous : policies.signedIn;
}

/**
 * The policy once the visitor wants to be remembered, or no more. A wish ends no session at once, so
 * the new absolute timeout counts from then; but it grants no more than one of the two policies does
 * from the session's beginning, so that nobody lives on by changing their mind.
 */
export function policyOnWish(
  policies: Policies,
  session: Clocked & Pick<SessionRecord, "userId" | "notes">,
  persistent: boolean,
  now: EpochMs,
): Policy {
  const { createdAt, userId } = session;
  const { idleTimeoutMs, absoluteTimeoutMs } = policyFor(policies, { persistent, userId });
  const fromNow = Math.max(0, now - createdAt) + absoluteTimeoutMs;
  const most = Math.max(session.absoluteTimeoutMs, absoluteTimeoutMs);
  const bounds = boundsIn(session);
  const boundedMs = Math.min(fromNow, most, bounds.endsAt - createdAt);
  return policyWithin({
    idleTimeoutMs: Math.min(idleTimeoutMs, bounds.idleTimeoutMs),
    absoluteTimeoutMs: boundedMs,
  });
}

/** What a sign-in asks for: durations, and an instant at which it ends at the latest. */
export interface AskedLifetime {
  readonly idleTimeoutMs: number | undefined;
  readonly absoluteTimeoutMs: number | undefined;
  readonly endsAt: EpochMs | undefined;
}

/** The policy of a sign-in that asks for a lifetime of its own: each part of it only shortens. */
export function policyAsked(
  usual: Policy,
  policies: Policies,
  asked: AskedLifetime,
  now: EpochMs,
): Policy {
  const most = policies.longest ?? usual;
  const { idleTimeoutMs = usual.idleTimeoutMs, absoluteTimeoutMs = usual.absoluteTimeoutMs } =
    asked;
  const { endsAt = Number.POSITIVE_INFINITY } = asked;
  return policyWithin({
    idleTimeoutMs: Math.min(idleTimeoutMs, most.idleTimeoutMs),
    absoluteTimeoutMs: Math.min(absoluteTimeoutMs, most.absoluteTimeoutMs, endsAt - now),
  });
}

/** The policy of a session that begins now, within its bounds. */
export function policyBounded(policy: Policy, bounds: Bounds, now: EpochMs): Policy {
  return policyWithin({
    idleTimeoutMs: Math.min(policy.idleTimeoutMs, bounds.idleTimeoutMs),
    absoluteTimeoutMs: Math.min(policy.absoluteTimeoutMs, bounds.endsAt - now),
  });
}

/** No idle timeout is longer than the absolute one. */
function policyWithin({ idleTimeoutMs, absoluteTimeoutMs }: Policy): Policy {
  return { idleTimeoutMs: Math.min(idleTimeoutMs, absoluteTimeoutMs), absoluteTimeoutMs };
}

/** The moment a session dies: its idle or its absolute end, whichever comes first. */
export function endOf(session: Clocked): EpochMs {
  return Math.min(idleEndOf(session), absoluteEndOf(session));
}

/** The moment at which a session dies that nobody uses. */
export function idleEndOf(session: Clocked): EpochMs {
  return session.lastSeenAt + session.idleTimeoutMs;
}

/** The moment no activity can move (OWASP ASVS 5.0, 7.3.2). */
export function absoluteEndOf(session: Clocked): EpochMs {
  return session.createdAt + session.absoluteTimeoutMs;
}

/**
 * Which clock has run out at `now`, if any. Servers whose clocks differ end a session earlier or
 * later by that difference at the most: the grace keeps stores from forgetting it before.
 *
 * Asked whether there is time left: what a damaged record has in the place of a time leaves none.
 */
export function expiredBy(session: Clocked, now: EpochMs): "idle" | "absolute" | undefined {
  if (!(now < absoluteEndOf(session))) return "absolute";
  return now < idleEndOf(session) ? undefined : "idle";
}

/** When a store may forget the record. */
export function storeExpiryOf(session: Clocked): EpochMs {
  return endOf(session) + GRACE_MS;
}

/** When a store may forget a tombstone: it leads others to what a session has become. */
export function tombstoneExpiryAt(now: EpochMs): EpochMs {
  return now + TOMBSTONE_MS + GRACE_MS;
}

/**
 * Whether activity at `now` should be written down. What is not may end the session up to a tenth
 * of the idle timeout early, never late.
 */
export function isTouchDue(session: Clocked, now: EpochMs): boolean {
  return now - session.lastSeenAt >= session.idleTimeoutMs / TOUCHES_PER_IDLE_TIMEOUT;
}

/**
 * Whether `now` is in a later tenth of the idle timeout than `since`, counted from the session's
 * beginning. Who writes all the time is never due for a touch, and enters one after the other.
 */
export function entersTenth(session: Clocked, since: EpochMs, now: EpochMs): boolean {
  const tenthMs = session.idleTimeoutMs / TOUCHES_PER_IDLE_TIMEOUT;
  const tenthAt = (at: EpochMs): number => Math.floor((at - session.createdAt) / tenthMs);
  return tenthAt(now) > tenthAt(since);
}
