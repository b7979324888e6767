import { absoluteEndOf } from "../../core/clocks.ts";
import type { Deadline } from "../../core/deadline.ts";
import { type Duration, durationMs } from "../../core/duration.ts";
import type { Engine, Guard, Protection, SigningIn, Verdict } from "../../core/engine.ts";
import { HeadersSentError, OptionsError, SessionEndedError } from "../../core/errors.ts";
import { admitted, currentGeneration } from "../../core/lifecycle/admission.ts";
import type { SignIn } from "../../core/lifecycle/new-record.ts";
import { namingText } from "../../core/naming.ts";
import { familyOf, generationOf, IMPERSONATION, put } from "../../core/notes.ts";
import { checkUserId, requireKnownKeys } from "../../core/option-checks.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";
import { behind } from "../../core/request/behind.ts";
import { deviceOf } from "../../core/request/device.ts";
import type { Changes } from "../../core/request/draft.ts";
import { inTurn } from "../../core/request/in-turn.ts";
import type { SessionState } from "../../core/request/session-state.ts";
import { AssuranceError } from "./errors.ts";
import { credentialIn } from "./fingerprint.ts";
import { type Impersonation, impersonationIn, refuseImpersonator } from "./impersonator.ts";

const NAME = "impersonation";

/** How long an operator acts as a user, and why. */
export interface ImpersonateOptions {
  /** When it is over, whatever happens; never later than the operator's own session. */
  readonly for: Duration;
  /** Why, such as the number of a ticket: for the record. On one line, of 200 characters at the most. */
  readonly reason: string;
}

/**
 * Lets operators act as users: {@link impersonate} needs it. An impersonation ends with all sessions of the
 * user and with all of the operator (`revokeAll`), which the store is asked about at each `open` of one; and nobody
 * who acts as a user can sign in, step up or unlock as that user.
 *
 * @example
 * const sessions = createSessions({ store: memoryStore(), protections: [impersonation()] });
 */
export function impersonation(): Protection {
  return { name: NAME, protect: () => ({ guard: isStillOperator, signingIn: refuseStepUp }) };
}

const CONSENT: Verdict = { kind: "accepted", edits: [] };

const isStillOperator: Guard = (record, engine, deadline) => {
  const acting = record.userId === undefined ? undefined : impersonationIn(record);
  return acting && judged(acting, engine, deadline);
};

async function judged(acting: Impersonation, engine: Engine, deadline: Deadline): Promise<Verdict> {
  const generation = await currentGeneration(engine, acting.by, deadline);
  return generation > acting.generation ? { kind: "ended", reason: "revoked" } : CONSENT;
}

async function refuseStepUp({ before, userId }: SigningIn): Promise<readonly []> {
  if (before.userId === userId) refuseImpersonator(before, "sign in as the same user");
  return [];
}

/**
 * Lets the operator who is signed in here act as a user, for a while and for a reason: the session goes on as the
 * user's, under a new token and without data. It is not fresh and has no factors, as the user has proved nothing.
 *
 * It ends by itself, and the operator is signed out then; {@link stopImpersonating} brings them back before. It
 * is told by the event `impersonated`. Whether this operator may act as this user is yours to check, before.
 *
 * @throws {@link AssuranceError} `signedOut` (401), or `impersonating` (403) where they act as somebody
 * already; {@link OptionsError} without {@link impersonation}, and where the store keeps no directory of
 * users; {@link SessionEndedError} where all of the operator's sessions were ended.
 * @example
 * await impersonate(session, user.id, { for: "15m", reason: "Ticket 4711" });
 */
export async function impersonate(
  session: object,
  userId: string,
  options: ImpersonateOptions,
): Promise<void> {
  const attempt = "act as a user";
  requireKnownKeys("impersonate", options, ["for", "reason"]);
  checkUserId("impersonate(userId)", userId);
  const lastingMs = durationMs("impersonate(for)", options.for);
  const reason = reasonIn(options);
  const { engine, state } = behind(session, "impersonate(session)");
  requireProtected(engine, state);
  await inTurn(state, attempt, async (deadline, before) => {
    const operator = operatorOf(state, userId, attempt);
    const { userId: by, authenticatedAt } = operator;
    const candidate = {
      userId: by,
      generation: generationOf(operator),
      family: familyOf(operator),
    };
    const generation = await admitted(engine, candidate, deadline);
    if (generation === undefined) throw new SessionEndedError(attempt);
    const ownEnd = absoluteEndOf(operator);
    const credential = credentialIn(operator);
    const own = { generation, authenticatedAt, credential, endsAt: ownEnd };
    const acting: Impersonation = { by, reason, ...own };
    const endsAt = Math.min(deadline.now + lastingMs, ownEnd);
    const handedOff = {
      authenticatedAt: undefined,
      generation: await currentGeneration(engine, userId, deadline),
      from: operator,
    };
    // JSON has no form for what is undefined.
    const entry = JSON.parse(JSON.stringify(acting));
    const edits = [(notes: Parameters<typeof put>[0]) => put(notes, IMPERSONATION, entry)];
    await become(state, { userId, endsAt, handedOff, edits, before }, deadline);
    const event = { at: deadline.now, id: state.id, userId, actorId: by, reason, endsAt };
    engine.events.emit("impersonated", event, state.request);
  });
}

/**
 * The operator who acts as this session's user; `undefined` where the user does. Show it on every page, and note it
 * with whatever they do.
 *
 * @example
 * const actor = impersonator(session) ?? session.userId;
 */
export function impersonator(session: object): string | undefined {
  const { record } = behind(session, "impersonator(session)").state;
  return record && impersonationIn(record)?.by;
}

/**
 * Brings the operator back to a session of their own, as fresh as theirs was and until its end; without its data and
 * its factors. The event `impersonationEnded` tells of it.
 *
 * @returns Whether somebody acted as the user.
 * @throws {@link SessionEndedError} where all of the operator's sessions were ended meanwhile.
 * @example
 * await stopImpersonating(session);
 */
export async function stopImpersonating(session: object): Promise<boolean> {
  const attempt = "stop acting as a user";
  const { engine, state } = behind(session, "stopImpersonating(session)");
  return inTurn(state, attempt, async (deadline, before) => {
    const { record } = state;
    const acting = record && impersonationIn(record);
    if (record === undefined || acting === undefined) return false;
    if (state.phase !== "open") throw new HeadersSentError(attempt);
    const { by, authenticatedAt, generation, endsAt } = acting;
    const handedOff = { authenticatedAt, generation, from: record };
    await become(state, { userId: by, endsAt, handedOff, edits: [], before }, deadline);
    const { id, userId } = record;
    const event = { at: deadline.now, id, userId, actorId: by };
    engine.events.emit("impersonationEnded", event, state.request);
    return true;
  });
}

type Becoming = Pick<SignIn, "userId" | "handedOff" | "edits"> & {
  readonly endsAt: EpochMs;
  /** What the request had changed as this was asked for. */
  readonly before: Changes;
};

/** Goes on as somebody who has not proved it here: with nothing of what was there before. */
async function become(state: SessionState, becoming: Becoming, deadline: Deadline): Promise<void> {
  const { endsAt, before, ...who } = becoming;
  state.draft.takeWishes(before);
  const lifetime = { idleTimeoutMs: undefined, absoluteTimeoutMs: undefined, endsAt };
  const device = deviceOf(state.request);
  const signIn = { ...who, device, keep: "none", persistent: false, lifetime } as const;
  await state.signIn(signIn, deadline, before);
}

type SignedIn = SessionRecord & { readonly userId: string };

function operatorOf(state: SessionState, userId: string, attempt: string): SignedIn {
  const { record } = state;
  if (record?.userId === undefined) throw new AssuranceError("signedOut", attempt);
  if (state.phase !== "open") throw new HeadersSentError(attempt);
  refuseImpersonator(record, attempt);
  if (record.userId !== userId) return record as SignedIn;
  throw new OptionsError("impersonate(userId)", "is who is signed in here.");
}

function reasonIn({ reason }: ImpersonateOptions): string {
  const text = typeof reason === "string" ? namingText("impersonate(reason)", reason) : undefined;
  if (text !== undefined && text !== "") return text;
  throw new OptionsError("impersonate(reason)", 'must say why, such as "Ticket 4711".');
}

function requireProtected({ protectionNames, keeper }: Engine, state: SessionState): void {
  if (!protectionNames.includes(NAME)) {
    throw new OptionsError(
      "impersonate(session)",
      "needs createSessions({ protections: [impersonation()] }).",
    );
  }
  if (keeper.store.directory !== undefined && !state.writesNeedHeaders) return;
  throw new OptionsError(
    "impersonate(session)",
    "needs a store that knows its users, so that it ends when all of the operator's sessions do.",
  );
}
