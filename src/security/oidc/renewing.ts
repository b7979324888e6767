import { CodecError, SessionEndedError } from "../../core/errors.ts";
import { behind } from "../../core/request/behind.ts";
import { inTurn } from "../../core/request/in-turn.ts";
import {
  type Identity,
  type IdTokenClaims,
  identityFrom,
  identityIn,
  ofRenewal,
} from "./identity.ts";

/**
 * Takes the claims of an ID token that came with renewed tokens (OpenID Connect Core 1.0, 12.2): it must be
 * of the same issuer, subject and provider session. `acr` and `amr` are noted anew where it has them.
 * When the user proved who they are stays as it was, whatever it says: nobody has proved anything.
 *
 * @param claims - Of an ID token that the client library has verified. Without one there is nothing to do.
 * @throws {@link CodecError} (422) for another user's token and for claims that no provider sends,
 * {@link SessionEndedError} (409) where the session has no identity, or has ended, and {@link StoreError}.
 * @example
 * import { type Configuration, refreshTokenGrant } from "openid-client";
 * import type { Session } from "sojourn";
 * import { renewIdentity } from "sojourn/oidc";
 *
 * export async function refresh(session: Session<object>, provider: Configuration, token: string): Promise<void> {
 *   const claims = (await refreshTokenGrant(provider, token)).claims();
 *   if (claims !== undefined) await renewIdentity(session, claims);
 * }
 */
export async function renewIdentity(session: object, claims: IdTokenClaims): Promise<void> {
  const { state } = behind(session, "renewIdentity(session)");
  const renewed = identityFrom(claims);
  await inTurn(state, "renew the identity", async (deadline) => {
    const known = identityIn(state.notes);
    if (known === undefined || state.record === undefined) {
      throw new SessionEndedError("renew the identity");
    }
    checkSame(known, renewed);
    await state.note(ofRenewal(renewed), deadline);
  });
}

function checkSame(known: Identity, renewed: Identity): void {
  const isOther =
    (renewed.issuer !== known.issuer && "iss") ||
    (renewed.subject !== known.subject && "sub") ||
    (renewed.providerSession !== undefined &&
      renewed.providerSession !== known.providerSession &&
      "sid");
  if (!isOther) return;
  throw new CodecError(isOther, "it is another one than at the sign-in. Sign in again.", "input");
}
