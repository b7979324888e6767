import type { Gathered } from "../../core/commit/edit.ts";
import type { Deadline } from "../../core/deadline.ts";
import {
  CrossSiteError,
  HeadersSentError,
  InsecureConnectionError,
  SessionEndedError,
} from "../../core/errors.ts";
import { behind } from "../../core/request/behind.ts";
import { tellRefused } from "../../core/request/foreign.ts";
import { inTurn } from "../../core/request/in-turn.ts";
import type { SessionState } from "../../core/request/session-state.ts";
import { isTokenOf, maskedToken, NONCE_BYTES } from "./mac.ts";

const ATTEMPT = "make a CSRF token";
const HEADER = "x-csrf-token";

/**
 * A token that shows that a form is of a page of this very session (OWASP's synchronizer token): for
 * whoever wants one beside the check that `open` makes by itself.
 *
 * It is made of the session's own token and random bytes, so that nothing is stored, each page has
 * another one (BREACH), and a new session token ends them all: what was given out before a sign-in counts
 * for nothing after it. For a visitor without a session it begins one. The response is not cached.
 *
 * @returns 64 characters that need no escaping.
 * @throws {@link HeadersSentError} after the first byte, {@link SessionEndedError} (409) if the session
 * has ended meanwhile; for a new visitor {@link StoreError}, {@link PrefetchError}, and
 * {@link InsecureConnectionError} where no cookie can reach them.
 * @example
 * const token = await csrfToken(session);
 * res.send(`<form method="post"><input type="hidden" name="_csrf" value="${token}"></form>`);
 */
export async function csrfToken(session: object): Promise<string> {
  const { engine, state } = behind(session, "csrfToken(session)");
  // A sign-in that is on its way brings another token.
  await state.whenIdle();
  if (state.phase !== "open") throw new HeadersSentError(ATTEMPT);
  if (state.condition === "new") await inTurn(state, ATTEMPT, (deadline) => begin(state, deadline));
  const { condition, heldToken } = state;
  // A locked one has a page of its own, to unlock it.
  const isThere = condition === "live" || condition === "locked";
  if (!isThere || heldToken === undefined) throw new SessionEndedError(ATTEMPT);
  state.holdsSecret = true;
  return maskedToken(heldToken, engine.name, engine.environment.random(NONCE_BYTES));
}

/**
 * The hidden field of a form, `<input type="hidden" name="_csrf" value="…">`, with a {@link csrfToken}.
 *
 * @throws as `csrfToken`.
 * @example
 * res.send(`<form method="post" action="/pay">${await csrfField(session)}<button>Pay</button></form>`);
 */
export async function csrfField(session: object): Promise<string> {
  return `<input type="hidden" name="_csrf" value="${await csrfToken(session)}">`;
}

/**
 * The element `<meta name="csrf-token" content="…">` of a page whose script sends the token with its
 * requests, as the header `X-CSRF-Token`.
 *
 * @throws as `csrfToken`.
 * @example
 * res.send(`<head>${await csrfMeta(session)}</head>`);
 */
export async function csrfMeta(session: object): Promise<string> {
  return `<meta name="csrf-token" content="${await csrfToken(session)}">`;
}

/**
 * Refuses a request that brings no token of its session. Call it before anything is changed, and before
 * a sign-in, which ends the tokens of before.
 *
 * @param value - What the form's field `_csrf` holds, whatever a client has made of it. Left out, the
 * header `X-CSRF-Token` counts.
 * @throws {@link CrossSiteError} (403, reason `token`): the token is missing, or another session's, or
 * from before the last new token. The event `refused` tells of it.
 * @example
 * app.post("/pay", async (req, res) => {
 *   const session = await sessions.open(req);
 *   requireCsrfToken(session, req.body._csrf);
 *   res.send("Paid.");
 * });
 */
export function requireCsrfToken(session: object, value?: unknown): void {
  const { engine, state } = behind(session, "requireCsrfToken(session)");
  const { request, heldToken: token } = state;
  const given = value ?? request.header(HEADER);
  const isOwn =
    typeof given === "string" && token !== undefined && isTokenOf(given, token, engine.name);
  if (isOwn) return;
  const refusal = new CrossSiteError("token", request.method, {
    origin: request.header("origin"),
  });
  tellRefused(engine, request, refusal);
  throw refusal;
}

const NOTHING: Gathered = {
  values: [],
  spared: undefined,
  flashed: [],
  taken: new Set(),
  persistent: undefined,
  label: undefined,
};

/** Stores the session that the token is for, with what it holds already. */
async function begin(state: SessionState, deadline: Deadline): Promise<void> {
  const { obstacle } = state;
  if (obstacle !== undefined) throw new InsecureConnectionError(ATTEMPT, obstacle);
  await state.commit(state.gathered() ?? NOTHING, deadline);
}
