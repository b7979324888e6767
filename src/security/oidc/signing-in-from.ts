import type { Hooks, SigningIn } from "../../core/engine.ts";
import { OptionsError, SessionEndedError } from "../../core/errors.ts";
import type { RequestHead } from "../../core/exchange.ts";
import type { NoteEdit } from "../../core/notes.ts";
import type { SessionRecord } from "../../core/record.ts";
import { behind } from "../../core/request/behind.ts";
import type { Session, SignInOptions } from "../../core/session.ts";
import type { SessionId } from "../../core/token.ts";
import { type Federation, federationOn } from "./federation.ts";
import {
  type Identity,
  type IdTokenClaims,
  identityFrom,
  identityIn,
  ofIdentity,
} from "./identity.ts";
import { bothOf, type Named } from "./provider-marks.ts";

/** A sign-in by an ID token, until its session is stored. */
interface Coming {
  readonly userId: string;
  readonly identity: Identity;
}

const NONE: readonly SessionId[] = [];
/** By the request, as that is what a sign-in shows of itself. */
const coming = new WeakMap<RequestHead, Coming>();

/**
 * Signs a user in who comes from an identity provider, as `session.signIn` does, and notes who they are
 * there. `authenticatedAt`, and with it `isFresh`, is `auth_time` where the token has it: a token that
 * was renewed in silence makes no session fresh (NIST SP 800-63B-4, 5.2).
 *
 * @param userId - Your own id of the user, found by issuer and subject.
 * @param claims - Of an ID token that the client library has verified.
 * @throws {@link OptionsError} where {@link federated} is not among the protections or does not name the
 * issuer, {@link CodecError} (422) for claims that no provider sends, {@link SessionEndedError} (409) if
 * the provider has ended its session meanwhile; and as `session.signIn`.
 * @example
 * import type { Session } from "sojourn";
 * import { type IdTokenClaims, signInFrom } from "sojourn/oidc";
 *
 * export async function arrived(session: Session<object>, claims: IdTokenClaims): Promise<void> {
 *   await signInFrom(session, `${claims.iss} ${claims.sub}`, claims);
 * }
 */
export async function signInFrom<D extends object>(
  session: Pick<Session<D>, "signIn">,
  userId: string,
  claims: IdTokenClaims,
  options: Omit<SignInOptions<D>, "authenticatedAt"> = {},
): Promise<void> {
  const call = "signInFrom(session)";
  const { engine, state } = behind(session, call);
  const { providers } = federationOn(engine, call);
  const identity = identityFrom(claims);
  if (!providers.has(identity.issuer)) {
    throw new OptionsError("signInFrom(claims)", "come from no issuer that federated() names.");
  }
  const { request } = state;
  if (coming.has(request)) throw new OptionsError(call, "one sign-in after the other: await it.");
  const now = engine.environment.now();
  coming.set(request, { userId, identity });
  try {
    // A provider's clock may be ahead of ours.
    const authenticatedAt = Math.min(identity.authenticatedAt ?? now, now);
    await session.signIn(userId, { ...options, authenticatedAt });
  } finally {
    coming.delete(request);
  }
}

/** Notes who comes, and lets in whom the provider has not signed out meanwhile. */
export class SigningInFrom implements Hooks {
  readonly #federation: Federation;

  constructor(federation: Federation) {
    this.#federation = federation;
  }

  async signingIn(signing: SigningIn): Promise<readonly NoteEdit[]> {
    const identity = identityOfComing(signing);
    return identity === undefined ? [] : [ofIdentity(identity)];
  }

  /**
   * The session is stored by now. Who ends it marks the ending before asking whose sessions it is about:
   * so either that mark is seen here, or this session there.
   */
  async signedIn(_record: SessionRecord, signing: SigningIn): Promise<readonly SessionId[]> {
    const identity = identityOfComing(signing);
    if (identity === undefined) return NONE;
    const { marks } = this.#federation;
    const { userId, deadline } = signing;
    const { issuer } = identity;
    const names = namesOf(identity);
    const began = await Promise.all(names.map((named) => marks.began(named, userId, deadline)));
    const others: Named[] = [{ issuer, kind: "user", value: userId }];
    if (names.length > 1) others.push(bothOf(names));
    const read = await Promise.all(others.map((named) => marks.read(named, deadline)));
    if ([...began, ...read].some(({ endedUpTo }) => identity.issuedAt <= endedUpTo)) {
      throw new SessionEndedError("sign in: the identity provider has signed the user out");
    }
    return NONE;
  }
}

/** Who comes; a hand-off carries who they are at the provider, so that its word ends that session, too. */
function identityOfComing({ request, userId, handing }: SigningIn): Identity | undefined {
  const sign = coming.get(request);
  if (sign?.userId === userId) return sign.identity;
  return handing?.userId === userId ? identityIn(handing.notes) : undefined;
}

/** By which an identity provider may end what came of an identity. */
function namesOf({ issuer, subject, providerSession }: Identity): readonly Named[] {
  const user: Named = { issuer, kind: "sub", value: subject };
  return providerSession === undefined
    ? [user]
    : [user, { issuer, kind: "sid", value: providerSession }];
}
