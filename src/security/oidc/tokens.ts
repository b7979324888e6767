import { decodeJwt, type JWTPayload, jwtVerify } from "jose";
import type { Federation } from "./federation.ts";
import type { IdentityProvider } from "./providers.ts";

/** Why a token of an identity provider ended nothing. For your log; the provider is told less. */
export type TokenProblem =
  /** It is no JWT, or lacks what such a token has. */
  | "malformed"
  /** Of an issuer that is not among the providers. */
  | "issuer"
  /** The signature, the audience, the time or the type is not right. */
  | "unverified"
  /** It names somebody in a way that nobody here understands. */
  | "subject";

/** What became of a token of an identity provider. */
export type Received =
  | { readonly ok: true; readonly ended: number }
  | { readonly ok: false; readonly problem: TokenProblem };

/** A token that is the provider's own, and for us. */
export interface Verified {
  readonly provider: IdentityProvider;
  readonly payload: JWTPayload & { readonly iat: number; readonly jti: string };
  /** What it tells of, by the URI of the event. */
  readonly events: Readonly<Record<string, unknown>>;
  /** The end of the second in which it was made. Epoch ms. */
  readonly issuedAt: number;
  /** Epoch ms. */
  readonly believedUntil: number;
}

const ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];
/** Longer than any such token is, shorter than what takes time to look at. */
const MAX_TOKEN_LENGTH = 16_384;
const CLOCK_TOLERANCE_S = 60;

/** What a kind of token must be beside signed. */
export interface TokenKind {
  /** What `typ` may be, in lower case; `undefined` where the header may have none. */
  readonly types: readonly (string | undefined)[];
  /** How long ago it may have been made: seconds. */
  readonly maxAgeS: number;
}

/**
 * Verifies a token by the keys of the provider that it names: nothing else in it chooses a key
 * (OWASP ASVS 5.0, 9.1.2, 9.1.3, 9.2.1 to 9.2.3).
 */
export async function verified(
  { providers, engine }: Federation,
  token: unknown,
  { types, maxAgeS }: TokenKind,
): Promise<Verified | TokenProblem> {
  if (typeof token !== "string" || token.length > MAX_TOKEN_LENGTH) return "malformed";
  const issuer = issuerOf(token);
  if (issuer === undefined) return "malformed";
  const provider = providers.get(issuer);
  if (provider === undefined) return "issuer";
  try {
    const { payload, protectedHeader } = await jwtVerify(token, provider.keys, {
      algorithms: [...(provider.algorithms ?? ALGORITHMS)],
      issuer,
      audience: provider.clientId,
      clockTolerance: CLOCK_TOLERANCE_S,
      maxTokenAge: maxAgeS,
      currentDate: new Date(engine.environment.now()),
      requiredClaims: ["iat", "jti", "events"],
    });
    const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, "");
    if (!types.includes(type)) return "unverified";
    return parts(provider, payload, maxAgeS);
  } catch (error) {
    if (isRefusal(error)) return "unverified";
    // The provider's keys cannot be had: it may send the token again.
    throw error;
  }
}

function parts(
  provider: IdentityProvider,
  payload: JWTPayload,
  maxAgeS: number,
): Verified | TokenProblem {
  const { iat, jti, events } = payload;
  const isWhole = typeof iat === "number" && typeof jti === "string" && jti !== "";
  if (!isWhole || typeof events !== "object" || events === null) return "malformed";
  return {
    provider,
    payload: { ...payload, iat, jti },
    events: { ...events },
    issuedAt: Math.floor(iat) * 1000 + 999,
    believedUntil: (iat + maxAgeS + 2 * CLOCK_TOLERANCE_S) * 1000,
  };
}

function issuerOf(token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === "string" ? iss : undefined;
  } catch {
    return undefined;
  }
}

const OF_THE_KEYS: readonly unknown[] = [
  "ERR_JWKS_TIMEOUT",
  "ERR_JWKS_INVALID",
  "ERR_JOSE_GENERIC",
];

/** jose says by its code what it makes of a token, or of the keys. */
function isRefusal(error: unknown): boolean {
  const { code } = Object(error) as { readonly code?: unknown };
  return typeof code === "string" && code.startsWith("ERR_J") && !OF_THE_KEYS.includes(code);
}
