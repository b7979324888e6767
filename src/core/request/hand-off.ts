import { timingSafeEqual } from "node:crypto";
import { absoluteEndOf } from "../clocks.ts";
import { type Gathered, gatheredEdit } from "../commit/edit.ts";
import type { Deadline } from "../deadline.ts";
import { type WrittenValue, withoutDue } from "../due.ts";
import { durationMs } from "../duration.ts";
import type { Engine } from "../engine.ts";
import {
  CodecError,
  HeadersSentError,
  InsecureConnectionError,
  OptionsError,
  SessionEndedError,
  SessionLockedError,
} from "../errors.ts";
import type { HandOffRejection } from "../events.ts";
import type { RequestHead } from "../exchange.ts";
import type {
  ExpectHandOffOptions,
  HandOffOptions,
  RedeemOptions,
  Redemption,
} from "../hand-off.ts";
import { own } from "../json.ts";
import { admitted, currentGeneration } from "../lifecycle/admission.ts";
import {
  type Carried,
  findCode,
  issueCode,
  type LiveCode,
  spendCode,
} from "../lifecycle/hand-off-codes.ts";
import { handingSession, type SignedIn } from "../lifecycle/handing-session.ts";
import {
  alsoExpecting,
  boundsIn,
  dueTimesIn,
  entryOf,
  expectedIn,
  familyOf,
  generationOf,
  IMPERSONATION,
} from "../notes.ts";
import { checkKeys, oneOf, requireKnownKeys } from "../option-checks.ts";
import { type EpochMs, isBoundData, type SessionRecord } from "../record.ts";
import type { Session } from "../session.ts";
import { challengeOf, hiddenUserId, parseId, parseToken, verifierOf } from "../token.ts";
import { deviceOf } from "./device.ts";
import type { Changes } from "./draft.ts";
import { inTurn } from "./in-turn.ts";
import { type Behind, SessionObject } from "./session-object.ts";
import type { SessionState } from "./session-state.ts";

const DEFAULT_TTL_MS = 60_000;
const MAX_TTL_MS = 600_000;
/** A visitor may have to sign in on the other side, and to look for the code in their mail. */
const EXPECTED_MS = 3_600_000;
const NONCE_BYTES = 16;

/** From here on the visitor waits for a sign-in. Resolves to the challenge to send to the other side. */
export function expectHandOff(
  engine: Engine,
  session: object,
  options: ExpectHandOffOptions,
): Promise<string> {
  const attempt = "wait for a hand-off";
  const { state, wasDetached } = behind(engine, session, "expectHandOff(request)");
  return inTurn(state, attempt, async (deadline, before) => {
    requireKnownKeys("expectHandOff", options, ["audience"]);
    checkAudience("expectHandOff(audience)", options.audience);
    refuseCookieStore(state, "sessions.expectHandOff");
    if (state.isTooLate) throw new HeadersSentError(attempt);
    checkReach(state, attempt);
    restartIfDead(state, wasDetached && state.condition === "detached", before, deadline);
    const nonce = engine.environment.random(NONCE_BYTES).toString("base64url");
    const expected = [nonce, options.audience, deadline.now + EXPECTED_MS] as const;
    await state.note(alsoExpecting(expected), deadline);
    // Who knows it can have a code of their own made for this visitor.
    state.holdsSecret = true;
    return challengeOf(ownVerifier(engine, state, nonce));
  });
}

/** Makes a code that carries the session's sign-in to whoever holds the verifier. */
export function handOff<D extends object>(
  engine: Engine,
  session: object,
  options: HandOffOptions<D>,
): Promise<string> {
  const { state } = behind(engine, session, "handOff(session)");
  return inTurn(state, "hand off the sign-in", async (deadline) => {
    const asked = checkedHandOff(options);
    refuseCookieStore(state, "sessions.handOff");
    const from = handing(state, deadline);
    const generation = await admitted(engine, candidateOf(from), deadline);
    if (generation === undefined) throw new SessionEndedError("hand off the sign-in");
    const { audience, challenge } = asked;
    const carried: Carried = {
      ...{ audience, challenge, generation },
      user: hiddenUserId(from.userId, engine.name),
      fromId: from.id,
      keep: asked.keep,
      endsAt: deadline.now + asked.ttlMs,
    };
    // Whoever redeems it has another cookie, and is to read the values all the same.
    const secret = asked.keep.length > 0 ? deadline.secretOf(from.id) : undefined;
    const code = await issueCode(engine, carried, secret, deadline);
    state.holdsSecret = true;
    const { id, userId } = from;
    engine.events.emit("handedOff", { at: deadline.now, id, userId, audience }, state.request);
    return code;
  });
}

/**
 * Signs the user of a code in, if it is for this visitor.
 *
 * @param earlier - What the request had changed as this was asked for, where its session was open by then.
 */
export function redeem<D extends object>(
  engine: Engine,
  session: Session<D>,
  code: unknown,
  options: RedeemOptions,
  earlier: Changes | undefined,
): Promise<Redemption<D>> {
  const { state } = behind(engine, session, "redeem(request)");
  return inTurn(state, "redeem a hand-off", async (deadline, asked) => {
    const before = earlier ?? asked;
    checkRedeem(options);
    refuseCookieStore(state, "sessions.redeem");
    if (state.phase !== "open") throw new HeadersSentError("redeem a hand-off");
    if (state.condition === "locked") throw new SessionLockedError("redeem a hand-off");
    checkReach(state, "redeem a hand-off");
    const redeemable = await redeemableBy(engine, state, code, options, deadline);
    if ("reason" in redeemable) {
      return { ok: false, reason: refused(engine, state, redeemable, deadline) };
    }
    // What was changed of a session that has ended is nothing of the next user's.
    restartIfDead(state, hasEnded(state), before, deadline);
    await signInBy(engine, state, redeemable, before, deadline);
    tellRedeemed(engine, state, redeemable, deadline);
    return { ok: true, session };
  });
}

/** A code that was used up for this visitor, and the session that it comes from. */
interface Redeemable {
  readonly carried: Carried;
  readonly from: SignedIn;
}

interface Refused {
  readonly reason: HandOffRejection;
  readonly carried: Carried | undefined;
  /** Whose it would have been, where that is known. */
  readonly userId?: string | undefined;
}

/** Everything that only this visitor can have comes before the code is used up. */
async function redeemableBy(
  engine: Engine,
  state: SessionState,
  code: unknown,
  options: RedeemOptions,
  deadline: Deadline,
): Promise<Redeemable | Refused> {
  const unfit = unfitRequest(engine, state.request, options);
  const found = unfit ?? (await findCode(engine, code, deadline));
  if (typeof found === "string") return { reason: found, carried: undefined };
  const { carried } = found;
  const unproved = unprovedBy(engine, state, carried, options, deadline.now);
  if (unproved !== undefined) return { reason: unproved, carried };
  if (isOtherUsers(engine, state, carried) && options.otherUser !== "end") {
    return { reason: "otherUser", carried };
  }
  const from = parseId(carried.fromId);
  if (from !== undefined && found.secret !== undefined) {
    state.failures.keychain?.addSecret(from, found.secret);
  }
  return spent(engine, found, deadline);
}

/** Uses the code up, unless what it carries has ended since. */
async function spent(
  engine: Engine,
  found: LiveCode,
  deadline: Deadline,
): Promise<Redeemable | Refused> {
  const { carried } = found;
  const from = await handingSession(engine, carried, deadline);
  if (typeof from === "string") return { reason: from, carried };
  const { userId } = from;
  if (carried.keep.length > 0 && isBoundData(from.data)) {
    return { reason: "unopened", carried, userId };
  }
  const generation = await currentGeneration(engine, userId, deadline);
  const isOver =
    generation > carried.generation ||
    (await engine.protections?.stands?.(from, deadline)) === false;
  if (isOver) return { reason: "revoked", carried, userId };
  if (!(await spendCode(engine, found, deadline))) return { reason: "used", carried, userId };
  return { carried, from };
}

/**
 * Why a request may redeem nothing, whatever it brings. With a verifier beside the code another site's
 * form would bring all that is needed to sign a visitor in as somebody else: there no option helps.
 */
function unfitRequest(
  { crossSite }: Engine,
  request: RequestHead,
  { verifier }: RedeemOptions,
): HandOffRejection | undefined {
  if (request.method !== "POST") return "method";
  if (crossSite.isAllowed && verifier === undefined) return undefined;
  return crossSite.refusalOf(request) === undefined ? undefined : "crossSite";
}

/** Why the visitor is not who asked for the code; `undefined` if they are. */
function unprovedBy(
  engine: Engine,
  state: SessionState,
  { audience, challenge }: Carried,
  options: RedeemOptions,
  now: EpochMs,
): HandOffRejection | undefined {
  if (options.verifier !== undefined) {
    if (audience !== options.audience) return "audience";
    return isVerifier(options.verifier) && fits(options.verifier, challenge)
      ? undefined
      : "verifier";
  }
  const { record } = state;
  const waiting = record === undefined ? [] : expectedIn(record).filter(([, , end]) => now < end);
  if (waiting.length === 0) return "unexpected";
  const { audience: own = audience } = options;
  const forAudience = waiting.filter(([, expected]) => expected === audience && own === audience);
  if (forAudience.length === 0) return "audience";
  const isOwn = forAudience.some(([nonce]) => fits(ownVerifier(engine, state, nonce), challenge));
  return isOwn ? undefined : "verifier";
}

/** RFC 7636, 4.1. */
const VERIFIER_FORM = /^[A-Za-z0-9._~-]{43,128}$/;

function isVerifier(verifier: unknown): verifier is string {
  return typeof verifier === "string" && VERIFIER_FORM.test(verifier);
}

/** Both are hashes of one length. */
function fits(verifier: string, challenge: string): boolean {
  return timingSafeEqual(Buffer.from(challengeOf(verifier)), Buffer.from(challenge));
}

function ownVerifier({ name }: Engine, state: SessionState, nonce: string): string {
  return verifierOf(state.token ?? "", nonce, name);
}

function isOtherUsers({ name }: Engine, state: SessionState, { user }: Carried): boolean {
  const { userId } = state.facts;
  return userId !== undefined && hiddenUserId(userId, name) !== user;
}

/** Who comes with what has died means to start anew. */
function restartIfDead(
  state: SessionState,
  isDead: boolean,
  before: Changes,
  { now }: Deadline,
): void {
  if (isDead || state.isPastEnd(now)) state.restart(now, before);
}

/**
 * Signs in as `signIn` does. What the user proved, and how long it may last, stays what it was in the
 * session that hands it on.
 */
async function signInBy(
  engine: Engine,
  state: SessionState,
  { carried, from }: Redeemable,
  before: Changes,
  deadline: Deadline,
): Promise<void> {
  const { generation } = carried;
  const { userId, authenticatedAt, persistent } = from;
  const { idleTimeoutMs } = boundsIn(from);
  const isOthers = isOtherUsers(engine, state, carried);
  const isSame = !isOthers && state.facts.userId !== undefined;
  const keep = isOthers ? "none" : isSame ? "all" : engine.keepAtSignIn;
  const wishes = state.draft.takeWishes(before);
  const label = isOthers ? undefined : wishes.label;
  await state.signIn(
    {
      ...{ userId, keep, persistent, label, device: deviceOf(state.request) },
      lifetime: {
        idleTimeoutMs: Number.isFinite(idleTimeoutMs) ? idleTimeoutMs : undefined,
        absoluteTimeoutMs: undefined,
        endsAt: absoluteEndOf(from),
      },
      handedOff: { authenticatedAt, generation, from },
    },
    deadline,
    before,
  );
  const values = valuesIn(engine, from, carried.keep, deadline);
  if (values.length === 0) return;
  await state.commitEdit(gatheredEdit({ ...NOTHING_ELSE, values }), deadline);
  const { pending, spared } = before;
  for (const [key] of values) state.draft.settle(key, { pending: pending.get(key), spared });
}

const NOTHING_ELSE: Omit<Gathered, "values"> = {
  spared: undefined,
  flashed: [],
  taken: new Set(),
  persistent: undefined,
  label: undefined,
};

function tellRedeemed(
  { events }: Engine,
  { id, request }: SessionState,
  { carried, from }: Redeemable,
  { now }: Deadline,
): void {
  const { audience } = carried;
  const event = { at: now, id, userId: from.userId, audience, fromId: from.id };
  events.emit("redeemed", event, request);
}

function refused(
  { events }: Engine,
  { request }: SessionState,
  { reason, carried, userId }: Refused,
  { now }: Deadline,
): HandOffRejection {
  events.emit("handOffRejected", { at: now, reason, id: carried?.fromId, userId }, request);
  return reason;
}

/** @throws {@link OptionsError} for anything but a session that this manager has opened. */
function behind({ home }: Engine, session: object, call: string): Behind {
  const inside = SessionObject.behind(Object(session));
  if (inside?.state.isOf(home) === true) return inside;
  throw new OptionsError(
    call,
    "it takes a session that these sessions have opened: await sessions.open(request).",
  );
}

/** There nobody would know who acts as the user, nor until when. */
function refuseImpersonated(record: SessionRecord | undefined): void {
  if (entryOf(record?.notes, IMPERSONATION) === undefined) return;
  throw new OptionsError(
    "handOff(session)",
    "an operator acts as its user, whose sign-in is not theirs to carry on.",
  );
}

function hasEnded({ condition }: SessionState): boolean {
  return condition === "detached" || condition === "destroyed";
}

function handing(state: SessionState, { now }: Deadline): SignedIn {
  const attempt = "hand off the sign-in";
  if (state.phase !== "open") throw new HeadersSentError(attempt);
  const { record } = state;
  if (hasEnded(state) || state.isPastEnd(now)) throw new SessionEndedError(attempt);
  refuseImpersonated(record);
  if (record !== undefined && isSignedIn(record)) return record;
  throw new OptionsError(
    "handOff(session)",
    "nobody is signed in to it. Look at session.userId first, and ask who is not to sign in.",
  );
}

function isSignedIn(record: SessionRecord): record is SignedIn {
  return record.userId !== undefined;
}

function candidateOf(from: SignedIn): Parameters<typeof admitted>[1] {
  return { userId: from.userId, generation: generationOf(from), family: familyOf(from) };
}

/** The values of the session itself, as stored, with their times: its defaults are the other side's own. */
function valuesIn(
  { shape }: Engine,
  from: SessionRecord,
  keep: readonly string[],
  { now }: Deadline,
): WrittenValue[] {
  const { data, notes } = withoutDue(from, now);
  const document = shape.document(data);
  const times = dueTimesIn(notes);
  return [...new Set(keep)].flatMap((key): WrittenValue[] => {
    const value = own(document, key);
    if (value === undefined) return [];
    const text = JSON.stringify(value);
    const dueAt = times?.get(key);
    return [dueAt === undefined ? [key, text] : [key, text, dueAt]];
  });
}

interface AskedHandOff {
  readonly audience: string;
  readonly challenge: string;
  readonly ttlMs: number;
  readonly keep: readonly string[];
}

function checkedHandOff(options: HandOffOptions<never>): AskedHandOff {
  requireKnownKeys("handOff", options, ["audience", "challenge", "ttl", "keep"]);
  const { audience, ttl, keep = [] } = options;
  checkAudience("handOff(audience)", audience);
  checkKeys("handOff(keep)", keep);
  const ttlMs = ttl === undefined ? DEFAULT_TTL_MS : durationMs("handOff(ttl)", ttl);
  if (ttlMs > MAX_TTL_MS) throw new OptionsError("handOff(ttl)", 'must not exceed "10m".');
  return { audience, challenge: checkedChallenge(options.challenge), ttlMs, keep };
}

/** A challenge comes from the other side, by way of a client: one of another form is its slip. */
function checkedChallenge(challenge: string): string {
  if (typeof challenge !== "string") {
    throw new OptionsError(
      "handOff(challenge)",
      "it must be the text that the receiving side has sent: what expectHandOff gave there.",
    );
  }
  if (parseToken(challenge) !== undefined) return challenge;
  throw new CodecError("challenge", "it is no S256 challenge (RFC 7636, 4.2).", "input");
}

function checkRedeem(options: RedeemOptions): void {
  requireKnownKeys("redeem", options, ["verifier", "audience", "otherUser"]);
  const { verifier, audience } = options;
  oneOf("redeem(otherUser)", options.otherUser, ["stay", "end"]);
  if (audience !== undefined || verifier !== undefined) {
    checkAudience("redeem(audience)", audience);
  }
}

const MAX_AUDIENCE_LENGTH = 255;

function checkAudience(option: string, audience: unknown): void {
  const isUsable =
    typeof audience === "string" &&
    audience !== "" &&
    audience.length <= MAX_AUDIENCE_LENGTH &&
    audience.isWellFormed();
  if (isUsable) return;
  throw new OptionsError(
    option,
    `must name who is to be signed in to, in 1 to ${MAX_AUDIENCE_LENGTH} characters, such as ` +
      '"https://shop.example".',
  );
}

/** Whoever has a session has come by a connection that carries its cookie. */
function checkReach({ record, obstacle }: SessionState, attempt: string): void {
  if (record === undefined && obstacle !== undefined) {
    throw new InsecureConnectionError(attempt, obstacle);
  }
}

function refuseCookieStore({ writesNeedHeaders }: SessionState, call: string): void {
  if (!writesNeedHeaders) return;
  throw new OptionsError(
    call,
    "sessions in cookies cannot be handed on, as nobody can look up whether the one that hands on " +
      'has ended. Keep them on the server: sqliteStore("sessions.db") from "sojourn/sqlite".',
  );
}
