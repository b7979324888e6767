import type { Deadline } from "../../core/deadline.ts";
import type { Engine } from "../../core/engine.ts";
import {
  HeadersSentError,
  InsecureConnectionError,
  OptionsError,
  PrefetchError,
  SessionEndedError,
  SessionError,
  StoreError,
} from "../../core/errors.ts";
import { isPrefetch } from "../../core/exchange.ts";
import { internalsOf } from "../../core/internals.ts";
import { arrivalOf, QUIET } from "../../core/request/arrival.ts";
import { behind } from "../../core/request/behind.ts";
import { tellRefused } from "../../core/request/foreign.ts";
import { inTurn } from "../../core/request/in-turn.ts";
import type { SessionState } from "../../core/request/session-state.ts";
import { unattached } from "../../core/request/unattached.ts";
import type { Visit } from "../../core/request/visit.ts";
import type { Session } from "../../core/session.ts";
import type { Sessions } from "../../core/sessions.ts";
import { newToken, type SessionId } from "../../core/token.ts";
import { BrowserCookie } from "./browser-cookie.ts";
import {
  type BeginCallbackOptions,
  type CallbackRefusal,
  checkedBeginning,
  checkFinishing,
  type FinishCallbackOptions,
  type FinishedCallback,
} from "./options.ts";
import { type Begun, findBeginning, isBegunBy, keepBeginning, spend } from "./states.ts";

export type {
  BeginCallbackOptions,
  CallbackRefusal,
  FinishCallbackOptions,
  FinishedCallback,
} from "./options.ts";

/** What `createSessions` returned, whatever its data. */
type Manager = Pick<Sessions<object>, "handle">;

const BEGIN = "begin a callback";
const FINISH = "finish a callback";

/**
 * Begins what another site finishes by sending the visitor back: a sign-in by SAML, OpenID Connect or
 * Apple, a payment, a link in a mail. What proves later that it was this browser is a cookie of its own
 * (SameSite=None), as the session's does not come with another site's form.
 *
 * @returns The state to send along: `RelayState`, `state`, a part of the link. 256 random bits as 43
 * characters, good once; the store has its hash.
 * @throws {@link OptionsError} for an option that is wrong, and for sessions in cookies, which remember
 * nothing; {@link HeadersSentError} after the first byte; {@link InsecureConnectionError} where no cookie
 * goes; {@link StoreError}; {@link PrefetchError}.
 * @example
 * const state = await beginCallback(sessions, req, { purpose: "saml", data: { returnTo: "/cart" } });
 * res.redirect(303, `https://idp.example/sso?RelayState=${state}`);
 */
export async function beginCallback(
  sessions: Manager,
  request: object,
  options: BeginCallbackOptions,
): Promise<string> {
  const { engine } = internalsOf(sessions);
  const beginning = checkedBeginning(options);
  const visit = visitOf(sessions, request, "beginCallback(request)");
  const { state } = behind(await visit.open(true), "beginCallback(request)");
  return inTurn(state, BEGIN, async (deadline) => {
    refuseCookieStore(state, "beginCallback");
    if (state.phase !== "open") throw new HeadersSentError(BEGIN);
    if (state.obstacle !== undefined) throw new InsecureConnectionError(BEGIN, state.obstacle);
    const cookie = cookieOf(engine);
    // One for all that this browser has under way, so that nobody can fill it with cookies.
    const { beside } = visit;
    const [known] = cookie.secretsIn(beside.exchange);
    const secret = beside.partingOf(PLACE)?.text ?? known ?? newToken(engine.environment.random);
    const from = { secret, id: state.record?.id };
    const text = await keepBeginning(engine, beginning, from, deadline);
    beside.part(PLACE, cookie.parting(secret, MAX_AWAY_MS));
    return text;
  });
}

/**
 * Finishes what this browser has begun, once, over all processes: whoever's page has sent the request, it
 * is the visitor's own, and opens its session from here on. Where the session's cookie did not come with it,
 * the session that it was begun in goes on, under a new token: a cart is still there, and so is who was
 * signed in.
 *
 * Check what the other site says before `signIn`, and call this before that: what is not begun here is not
 * worth the check.
 *
 * @param state - What came back, whatever a client has made of it.
 * @returns The session and the `data`, or the `reason` why not, which the event `refused` does not tell.
 * @throws {@link OptionsError}, {@link StoreError}; {@link PrefetchError}, and nothing is used up.
 * @example
 * const finished = await finishCallback(sessions, req, req.body.RelayState, { purpose: "saml" });
 * if (finished.ok) await finished.session.signIn(user.id);
 */
export async function finishCallback<D extends object>(
  sessions: Sessions<D>,
  request: object,
  state: unknown,
  options: FinishCallbackOptions,
): Promise<FinishedCallback<D>> {
  const { engine } = internalsOf(sessions);
  checkFinishing(options);
  const visit = visitOf(sessions, request, "finishCallback(request)");
  try {
    if (isPrefetch(visit.request)) throw new PrefetchError(FINISH);
    const begun = await finishable(engine, visit, state, options);
    if (typeof begun === "string") return refused(engine, visit, begun);
    visit.isMeant = true;
    // First: who guards the session may let the browser come again, with a proof, to finish it then.
    const session = await visit.open(true);
    if (!(await spend(engine, begun, visit.startDeadline()))) {
      visit.isMeant = false;
      return refused(engine, visit, "used");
    }
    if (begun.isOwn) await goOn(session, begun);
    // The manager whose visit it is vouches for the type.
    return { ok: true, session: session as unknown as Session<D>, data: begun.kept.data };
  } catch (error) {
    throw visit.failed(error);
  }
}

/** What this request may finish, or why not. */
async function finishable(
  engine: Engine,
  visit: Visit,
  state: unknown,
  options: FinishCallbackOptions,
): Promise<(Begun & { readonly isOwn: boolean }) | CallbackRefusal> {
  const deadline = visit.startDeadline();
  const begun = await findBeginning(engine, state, options.purpose, deadline);
  if (typeof begun === "string") return begun;
  const isOwn = isBegunBy(cookieOf(engine).secretsIn(visit.beside.exchange), begun, engine.name);
  if (!isOwn && !isAccepted(engine, visit, options)) return "otherBrowser";
  return { ...begun, isOwn };
}

/** Where the parting stands among those of a response; no cookie of an application's is called so. */
const PLACE = "callback;";
/** As long as the longest thing that may be begun, so that a shorter one ends no other. */
const MAX_AWAY_MS = 3_600_000;

const cookies = new WeakMap<Engine, BrowserCookie>();

function cookieOf(engine: Engine): BrowserCookie {
  const cookie = cookies.get(engine) ?? new BrowserCookie(engine);
  cookies.set(engine, cookie);
  return cookie;
}

function visitOf(sessions: object, request: object, call: string): Visit {
  const { engine, attachments } = internalsOf(sessions);
  const visit = attachments.find(request);
  if (visit === undefined) throw unattached(engine, call);
  return visit;
}

/** Only a page of the application's own, which has told the visitor, can have sent that. */
function isAccepted(
  { crossSite }: Engine,
  { request }: Visit,
  { otherBrowser }: FinishCallbackOptions,
): boolean {
  if (otherBrowser !== "accept" || request.method !== "POST") return false;
  return crossSite.refusalOf(request) === undefined;
}

function refused(
  engine: Engine,
  { request }: Visit,
  reason: CallbackRefusal,
): { readonly ok: false; readonly reason: CallbackRefusal } {
  tellRefused(engine, request, { reason: "callback", origin: undefined });
  return { ok: false, reason };
}

/** Takes up the session that it was begun in, where the browser could not bring it. */
function goOn(session: object, { kept }: Begun): Promise<void> {
  const { engine, state } = behind(session, "finishCallback(request)");
  const { fromId } = kept;
  if (fromId === null || state.condition !== "new") return Promise.resolve();
  const presented = [{ token: "", id: fromId as SessionId }];
  return inTurn(state, FINISH, async (deadline) => {
    const { request } = state;
    const arrival = arrivalOf(engine, { presented }, deadline, QUIET, request);
    const live = await arrival.catch(heldBack);
    if (live === undefined) return;
    const changes = state.changes();
    state.resume(live);
    state.draft.repeat(changes);
    await underNewToken(state, deadline);
  });
}

/** A session that is not given out without a proof stays as it is: what came brings the proof of none. */
function heldBack(error: unknown): undefined {
  if (error instanceof SessionError && !(error instanceof StoreError)) return undefined;
  throw error;
}

/** Its own token is not known here, and must not be: who has the store has no token. */
async function underNewToken(state: SessionState, deadline: Deadline): Promise<void> {
  const { draft } = state;
  try {
    await state.regenerate(deadline);
  } catch (error) {
    if (!(error instanceof SessionEndedError)) throw error;
    const changes = draft.changes();
    state.restart(deadline.now, state.changes());
    state.draft.repeat(changes);
  }
}

function refuseCookieStore({ writesNeedHeaders }: SessionState, call: string): void {
  if (!writesNeedHeaders) return;
  throw new OptionsError(
    call,
    "sessions in cookies remember nothing between two requests that the other site has not sent back. " +
      'Keep them on the server: sqliteStore("sessions.db") from "sojourn/sqlite".',
  );
}
