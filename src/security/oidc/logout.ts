import type { Sessions } from "../../core/sessions.ts";
import { endWhatCameOf } from "./ending.ts";
import { federationOf } from "./federation.ts";
import { FOR_EVER, type Named } from "./provider-marks.ts";
import { once } from "./received.ts";
import { type Received, type TokenKind, type Verified, verified } from "./tokens.ts";

const LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";
/** Providers of before there was a type of its own send none (2.4). One of another purpose is refused. */
const LOGOUT: TokenKind = { types: [undefined, "logout+jwt"], maxAgeS: 600 };

/**
 * Takes a logout token of OpenID Connect Back-Channel Logout 1.0, and ends the sessions that it is about:
 * those of the provider's session (`sid`), or all that the user (`sub`) had when it was made. A sign-in
 * that is under way ends too, and none of the provider's session succeeds from then on. A token that comes
 * again ends nothing more.
 *
 * @param logoutToken - The field `logout_token` of the form that the provider has posted, whatever that is.
 * @returns How many sessions have ended, or why none was to. Answer 200 or 400, with
 * `Cache-Control: no-store`.
 * @throws {@link OptionsError} where {@link federated} is not among the protections, {@link StoreError}
 * if the store cannot answer, and what the provider's keys fail with: the provider sends it again then.
 * @example
 * app.post("/back-channel-logout", express.urlencoded(), async (req, res) => {
 *   const { ok } = await receiveLogout(sessions, req.body.logout_token);
 *   res.set("Cache-Control", "no-store").sendStatus(ok ? 200 : 400);
 * });
 */
export async function receiveLogout(
  // biome-ignore lint/suspicious/noExplicitAny: it takes sessions of any data, and reads none of it.
  sessions: Sessions<any, any>,
  logoutToken: unknown,
): Promise<Received> {
  const federation = federationOf(sessions, "receiveLogout(sessions)");
  const token = await verified(federation, logoutToken, LOGOUT);
  if (typeof token === "string") return { ok: false, problem: token };
  const named = namedBy(token);
  if (named === undefined) return { ok: false, problem: "malformed" };
  const upTo = named.kind === "sid" ? FOR_EVER : token.issuedAt;
  return once(federation, token, () => endWhatCameOf(federation, { named, upTo }));
}

/**
 * What a logout token is about: the narrower of what it names. One that could pass for an ID token is
 * none (2.4: no nonce).
 */
function namedBy({ provider, payload, events }: Verified): Named | undefined {
  const { sid, sub, nonce } = payload as { sid?: unknown; sub?: unknown; nonce?: unknown };
  const event = events[LOGOUT_EVENT];
  if (nonce !== undefined || typeof event !== "object" || event === null) return undefined;
  const { issuer } = provider;
  if (typeof sid === "string" && sid !== "") return { issuer, kind: "sid", value: sid };
  if (sid === undefined && typeof sub === "string" && sub !== "") {
    return { issuer, kind: "sub", value: sub };
  }
  return undefined;
}
