import { OptionsError } from "../../core/errors.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { Sessions } from "../../core/sessions.ts";
import { type Federation, federationOf } from "./federation.ts";
import { once } from "./received.ts";
import { endRevoked, type SubjectOptions } from "./session-revoked.ts";
import { type SubjectId, subjectIn } from "./subject.ts";
import { type Received, type TokenKind, type Verified, verified } from "./tokens.ts";

/** How to understand whom an event is about, and what to do about those that end nothing. */
export interface SecurityEventOptions extends SubjectOptions {
  /**
   * Hears of each event, those that end nothing among them: `credential-change` and its like. What it
   * rejects with rejects the whole, so that the provider sends the token again.
   */
  readonly onEvent?: ((event: SecurityEvent) => unknown) | undefined;
}

/** An event that a provider tells of. */
export interface SecurityEvent {
  /** Its URI. */
  readonly type: string;
  readonly issuer: string;
  /** Whom it is about, as the provider says (RFC 9493). */
  readonly subject: SubjectId;
  /** What else it says. */
  readonly details: Readonly<Record<string, unknown>>;
}

const SESSION_REVOKED = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
const EVENT: TokenKind = { types: ["secevent+jwt"], maxAgeS: 7 * 86_400 };
/** The specification says seconds and shows milliseconds; no seconds are as large for 3,000 years. */
const LEAST_MILLISECONDS = 1e11;

/**
 * Takes a security event token (RFC 8417), as a provider pushes it (RFC 8935), and obeys CAEP 1.0's
 * `session-revoked`: it ends the sessions that began before, and that *all* parts of its subject mean.
 *
 * @param token - The body of the request, whatever that is.
 * @returns How many sessions have ended, or why the token is not believed. Answer 202 or 400.
 * @throws As {@link receiveLogout}, and what the options' functions fail with.
 * @example
 * app.post("/events", express.text({ type: "application/secevent+jwt" }), async (req, res) => {
 *   const { ok } = await receiveSecurityEvent(sessions, req.body);
 *   res.set("Cache-Control", "no-store").sendStatus(ok ? 202 : 400);
 * });
 */
export async function receiveSecurityEvent(
  // biome-ignore lint/suspicious/noExplicitAny: it takes sessions of any data, and reads none of it.
  sessions: Sessions<any, any>,
  token: unknown,
  options: SecurityEventOptions = {},
): Promise<Received> {
  checkOptions(options);
  const federation = federationOf(sessions, "receiveSecurityEvent(sessions)");
  const found = await verified(federation, token, EVENT);
  if (typeof found === "string") return { ok: false, problem: found };
  const events = eventsIn(found);
  if (events === undefined) return { ok: false, problem: "subject" };
  return once(federation, found, () => obey(federation, events, found.issuedAt, options));
}

/** What a token tells of; `undefined` unless all of it is about somebody. */
function eventsIn({ provider, payload, events }: Verified): readonly SecurityEvent[] | undefined {
  const told: SecurityEvent[] = [];
  for (const [type, event] of Object.entries(events)) {
    const details: Record<string, unknown> = { ...Object(event) };
    const subject = subjectIn(payload["sub_id"] ?? details["subject"]);
    if (subject === undefined) return undefined;
    told.push({ type, issuer: provider.issuer, subject, details });
  }
  return told.length === 0 ? undefined : told;
}

async function obey(
  federation: Federation,
  events: readonly SecurityEvent[],
  sentAt: number,
  options: SecurityEventOptions,
): Promise<number> {
  let ended = 0;
  for (const event of events) {
    if (event.type === SESSION_REVOKED) {
      const upTo = happenedAt(event.details["event_timestamp"], sentAt);
      ended += await endRevoked(federation, { ...event, upTo }, options);
    }
    await options.onEvent?.(event);
  }
  return ended;
}

/** When an event happened: never after it was told of, or nobody could sign in until then. Epoch ms. */
function happenedAt(timestamp: unknown, sentAt: number): number {
  if (typeof timestamp !== "number" || !Number.isFinite(timestamp)) return sentAt;
  const at = timestamp > LEAST_MILLISECONDS ? timestamp : Math.floor(timestamp) * 1000 + 999;
  return Math.min(at, sentAt);
}

function checkOptions(options: SecurityEventOptions): void {
  const group = "receiveSecurityEvent";
  const known = ["userOf", "isMeant", "onEvent"] as const;
  requireKnownKeys(group, options, known);
  for (const option of known) {
    const { [option]: given } = options;
    if (given === undefined || typeof given === "function") continue;
    throw new OptionsError(`${group}.${option}`, "must be a function.");
  }
}
