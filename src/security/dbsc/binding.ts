import type { JWK } from "jose";
import type { EpochMs, SessionRecord } from "../../core/record.ts";

/** Something that counts until a time. */
interface Until {
  readonly until: EpochMs;
}

/** A key that proofs are verified with. */
export interface BoundKey {
  readonly jwk: JWK;
  readonly alg: string;
  /** RFC 7638: names the key, for whatever else is to be bound to it. */
  readonly thumbprint: string;
  readonly since: EpochMs;
}

/**
 * What binds the sessions of one sign-in to a device. It is a side record, so that no write to a
 * session can lose it, and none of its own is in a session's way: docs/decisions/0085.
 */
export interface Binding {
  /** The session as it is now, and its latest ids before: one of them may have been taken back. */
  readonly sessions: readonly string[];
  /** Hashes of the challenges that were sent along with the sign-in, each for one registration. */
  readonly offer?: (Until & { readonly hash: string }) | undefined;
  readonly keyOffer?: (Until & { readonly hash: string }) | undefined;
  /** What the browser itself has registered. */
  readonly key?: (BoundKey & { readonly sendsMetadata: boolean }) | undefined;
  /** What the page's script has registered. */
  readonly scriptKey?: BoundKey | undefined;
  /** Hashes of the values of the bound cookie, the newest first. */
  readonly values: readonly (Until & { readonly hash: string })[];
  /** What the next proof is to be over, the newest first. No secrets: only the key can sign them. */
  readonly challenges: readonly (Until & { readonly text: string })[];
  /** What the nonces for the script's key are made of. */
  readonly seed: string;
}

/** How long a browser may take to register after the sign-in. */
export const OFFER_MS = 120_000;
/** What was on its way while the browser registered comes without the bound cookie. */
export const GRACE_AFTER_REGISTRATION_MS = 60_000;
/** A bound cookie may be as much older than it says: its answer took a while to arrive. */
const VALUE_SLACK_MS = 60_000;

const MAX_VALUES = 4;
const MAX_CHALLENGES = 3;
const MAX_SESSIONS = 4;

/** Of a sign-in: nothing is bound yet. */
export function offered(
  session: string,
  hashes: { readonly offer: string; readonly keyOffer: string },
  seed: string,
  now: EpochMs,
): Binding {
  const until = now + OFFER_MS;
  return {
    sessions: [session],
    offer: { hash: hashes.offer, until },
    keyOffer: { hash: hashes.keyOffer, until },
    values: [],
    challenges: [],
    seed,
  };
}

/** Whether an offer is still to be had, by the hash of what was sent along with it. */
export function isOpen(offer: Binding["offer"], hash: string, now: EpochMs): boolean {
  return offer !== undefined && offer.hash === hash && now < offer.until;
}

/** With a new value of the bound cookie. Earlier ones count until their own time is over. */
export function withValue(binding: Binding, hash: string, maxAgeMs: number, now: EpochMs): Binding {
  const value = { hash, until: now + maxAgeMs + VALUE_SLACK_MS };
  const others = binding.values.filter(({ until }) => now < until);
  return { ...binding, values: [value, ...others].slice(0, MAX_VALUES) };
}

/** Whether the bound cookie has this value now. */
export function hasValue({ values }: Binding, hash: string, now: EpochMs): boolean {
  return values.some((value) => value.hash === hash && now < value.until);
}

/** With one more challenge. */
export function withChallenge(
  binding: Binding,
  text: string,
  maxAgeMs: number,
  now: EpochMs,
): Binding {
  // Of use to the next refresh, and to nobody who keeps a proof of it for later.
  const challenge = { text, until: now + 2 * maxAgeMs };
  const others = binding.challenges.filter(({ until }) => now < until);
  return { ...binding, challenges: [challenge, ...others].slice(0, MAX_CHALLENGES) };
}

/** Without a challenge that has been met; `undefined` where it is not outstanding. */
export function withoutChallenge(
  binding: Binding,
  text: string,
  now: EpochMs,
): Binding | undefined {
  const isMet = (challenge: Binding["challenges"][number]): boolean =>
    challenge.text === text && now < challenge.until;
  if (!binding.challenges.some(isMet)) return undefined;
  return { ...binding, challenges: binding.challenges.filter((each) => each.text !== text) };
}

/** A challenge that can be sent again: whoever asks without a proof uses none up. */
export function openChallenge({ challenges }: Binding, now: EpochMs): string | undefined {
  return challenges.find(({ until }) => now < until)?.text;
}

/** Under the session's new id. */
export function withSession(binding: Binding, { id }: Pick<SessionRecord, "id">): Binding {
  const others = binding.sessions.filter((session) => session !== id);
  return { ...binding, sessions: [id, ...others].slice(0, MAX_SESSIONS) };
}
