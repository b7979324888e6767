import { type Duration, durationMs } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { factorNames } from "../../core/factors.ts";
import { boundsIn, ELEVATIONS, entryOf, type NoteEdit, put } from "../../core/notes.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";
import { behind } from "../../core/request/behind.ts";
import { inTurn } from "../../core/request/in-turn.ts";
import type { Session } from "../../core/session.ts";
import { AssuranceError } from "./errors.ts";

/** What a session is elevated for, and by what. */
export interface ElevateOptions {
  /** The one thing that it is for, such as `"payout"`: a letter, then up to 63 of `A-Za-z0-9._-`. */
  readonly purpose: string;
  /** What the user has just proved for it; you have checked it. */
  readonly factors: readonly string[];
  /** How long it lasts. It cannot be prolonged, but by proving the factors again. */
  readonly for: Duration;
}

const PURPOSE_FORM = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;

/**
 * Elevates this session, and no other one, for one purpose and for a short time, once its user has proved
 * the factors for it (OWASP ASVS 5.0, 7.5.3). The session is given a new token as at any re-authentication
 * (7.2.4), and both its clocks start again, within what its sign-in has bounded.
 *
 * The elevation ends by itself, and with the token: `regenerate` (call it when the user's rights change)
 * and the next sign-in end it, and no hand-off carries it.
 *
 * @throws {@link AssuranceError} `signedOut` (401) where nobody is signed in, and what `session.signIn`
 * throws.
 * @example
 * await elevate(session, { purpose: "payout", factors: ["passkey"], for: "5m" });
 */
export async function elevate(
  session: Pick<Session<object>, "signIn" | "userId">,
  options: ElevateOptions,
): Promise<void> {
  requireKnownKeys("elevate", options, ["purpose", "factors", "for"]);
  const { purpose, factors } = options;
  checkPurpose("elevate(purpose)", purpose);
  factorNames("elevate(factors)", factors);
  const lastingMs = durationMs("elevate(for)", options.for);
  const { engine, state } = behind(session, "elevate(session)");
  const { userId } = session;
  if (userId === undefined) throw new AssuranceError("signedOut", "elevate the session");
  const before = state.record && elevationsOf(state.record);
  await session.signIn(userId, { factors, ...boundsNow(state.facts) });
  await inTurn(state, "elevate the session", async (deadline) => {
    const { id } = state;
    const endsAt = deadline.now + lastingMs;
    const elevations = { ...live(before ?? {}, deadline.now), [purpose]: endsAt };
    await state.note(ofElevations(id, elevations), deadline);
    const event = { at: deadline.now, id, userId, purpose, factors, endsAt };
    engine.events.emit("elevated", event, state.request);
  });
}

/**
 * Whether this session is elevated for the purpose at this moment.
 *
 * @example
 * if (!isElevated(session, "payout")) return res.redirect("/confirm?for=payout");
 */
export function isElevated(session: object, purpose: string): boolean {
  checkPurpose("isElevated(purpose)", purpose);
  const { engine, state } = behind(session, "isElevated(session)");
  const elevations = state.record === undefined ? {} : elevationsOf(state.record);
  const endsAt = Object.hasOwn(elevations, purpose) ? elevations[purpose] : undefined;
  return endsAt !== undefined && engine.environment.now() < endsAt;
}

/**
 * As {@link isElevated}, for a route that nothing else leads past.
 *
 * @throws {@link AssuranceError} `signedOut` (401) or `notElevated` (403).
 * @example
 * requireElevated(session, "payout");
 */
export function requireElevated(session: Pick<Session<object>, "userId">, purpose: string): void {
  if (isElevated(session, purpose)) return;
  const reason = session.userId === undefined ? "signedOut" : "notElevated";
  throw new AssuranceError(reason, "do this");
}

/**
 * Ends an elevation before its time: once what it was for is done.
 *
 * @example
 * await endElevation(session, "payout");
 */
export async function endElevation(session: object, purpose: string): Promise<void> {
  checkPurpose("endElevation(purpose)", purpose);
  if (!isElevated(session, purpose)) return;
  const { state } = behind(session, "endElevation(session)");
  await inTurn(state, "end the elevation", (deadline) =>
    state.note((notes) => {
      const [id, elevations] = notedIn(notes[ELEVATIONS]);
      delete elevations[purpose];
      ofElevations(id, elevations)(notes);
    }, deadline),
  );
}

type Elevations = Record<string, EpochMs>;

/** The elevations of this very session: a successor's id is another one. */
function elevationsOf({ id, notes, userId }: SessionRecord): Elevations {
  const [elevated, elevations] = notedIn(entryOf(notes, ELEVATIONS));
  return elevated === id && userId !== undefined ? elevations : {};
}

function notedIn(entry: unknown): [id: string, elevations: Elevations] {
  const [id, elevations] = Array.isArray(entry) ? entry : [];
  return [String(id), { ...(elevations as Elevations) }];
}

function live(elevations: Elevations, now: EpochMs): Elevations {
  return Object.fromEntries(Object.entries(elevations).filter(([, endsAt]) => now < endsAt));
}

function ofElevations(id: string, elevations: Elevations): NoteEdit {
  const isEmpty = Object.keys(elevations).length === 0;
  return (notes) => put(notes, ELEVATIONS, isEmpty ? undefined : [id, elevations]);
}

/** What bounds the session's life from outside, an identity provider for one, goes on to bound it. */
function boundsNow(facts: Pick<SessionRecord, "notes">): {
  readonly idleTimeout?: number;
  readonly endsAt?: EpochMs;
} {
  const { idleTimeoutMs, endsAt } = boundsIn(facts);
  return {
    ...(Number.isFinite(idleTimeoutMs) && { idleTimeout: idleTimeoutMs }),
    ...(Number.isFinite(endsAt) && { endsAt }),
  };
}

function checkPurpose(option: string, purpose: string): void {
  if (typeof purpose === "string" && PURPOSE_FORM.test(purpose)) return;
  throw new OptionsError(option, 'must be a name such as "payout".');
}
