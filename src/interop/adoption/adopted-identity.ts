import { createHmac } from "node:crypto";
import { type Identity, identityOf } from "../../core/passage.ts";
import { parseToken, type SessionId } from "../../core/token.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";

/** Where an old session goes on, and where it is noted that it does. */
export interface AdoptedIdentity extends Identity {
  readonly markId: SessionId;
}

/**
 * What all requests that bring the same old session make of it. It takes the secret: nobody who has
 * read the old sessions' keys in a database or a log can make a token of them.
 *
 * @param scope - What the old sessions are, so that two kinds with equal keys stay apart.
 */
export function adoptedIdentity(
  secret: PySecret,
  scope: readonly string[],
  manager: string,
  session: string,
): AdoptedIdentity {
  const identityFor = (purpose: string): Identity => {
    const text = JSON.stringify([purpose, manager, ...scope, session]);
    const token = parseToken(createHmac("sha256", secret).update(text).digest("base64url"));
    if (token === undefined) throw new Error("SHA-256 has made no token.");
    return identityOf(token, manager);
  };
  const markId = identityFor("sojourn/adopted/mark").id;
  return { ...identityFor("sojourn/adopted/session"), markId };
}
