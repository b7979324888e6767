import {
  type CryptoKey,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from "jose";
import {
  federated,
  type IdentityProvider,
  type IdTokenClaims,
  signInFrom,
} from "../../../../src/security/oidc/index.ts";
import type { Browser } from "../../../laws/support/browser.ts";
import { World } from "../../../laws/support/world.ts";

export const ISSUER = "https://id.example";
export const CLIENT = "shop";
export const LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";
export const SESSION_REVOKED =
  "https://schemas.openid.net/secevent/caep/event-type/session-revoked";

/** What a header has that a test wants different; `undefined` leaves out. */
type Header = { [Name in keyof JWTHeaderParameters]?: JWTHeaderParameters[Name] | undefined };

/** An identity provider: keys, and what it signs with them. */
export class Provider {
  readonly jwks: JSONWebKeySet;
  readonly privateKey: CryptoKey;
  readonly issuer: string;
  #count = 0;

  private constructor(jwks: JSONWebKeySet, privateKey: CryptoKey, issuer: string) {
    this.jwks = jwks;
    this.privateKey = privateKey;
    this.issuer = issuer;
  }

  static async open(issuer: string = ISSUER): Promise<Provider> {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "first", alg: "ES256" };
    return new Provider({ keys: [jwk] }, privateKey, issuer);
  }

  get asOption(): IdentityProvider {
    return { issuer: this.issuer, clientId: CLIENT, keys: createLocalJWKSet(this.jwks) };
  }

  /** A token of this provider's, with what a test wants different in it; `undefined` leaves out. */
  sign(claims: Record<string, unknown>, header: Header = {}): Promise<string> {
    this.#count += 1;
    const jti = `token ${this.issuer} ${this.#count} ${crypto.randomUUID()}`;
    const all = { iss: this.issuer, aud: CLIENT, jti, ...claims } as JWTPayload;
    return new SignJWT(all)
      .setProtectedHeader({ alg: "ES256", kid: "first", ...header } as JWTHeaderParameters)
      .sign(this.privateKey);
  }

  /** A logout token that was made at this moment. */
  logout(now: number, claims: Record<string, unknown>, header: Header = {}): Promise<string> {
    const iat = Math.floor(now / 1000);
    const times = { iat, exp: iat + 120 };
    return this.sign(
      { ...times, events: { [LOGOUT_EVENT]: {} }, ...claims },
      { typ: "logout+jwt", ...header },
    );
  }

  /** A security event token that was made at this moment. */
  event(
    now: number,
    subject: unknown,
    details: Record<string, unknown> = {},
    claims: Record<string, unknown> = {},
  ): Promise<string> {
    const events = { [SESSION_REVOKED]: details };
    return this.sign(
      { iat: Math.floor(now / 1000), sub_id: subject, events, ...claims },
      { typ: "secevent+jwt" },
    );
  }

  /** Of an ID token that was issued at this moment. */
  claims(now: number, claims: Partial<IdTokenClaims> = {}): IdTokenClaims {
    return { iss: this.issuer, sub: "sub-of-ada", iat: Math.floor(now / 1000), ...claims };
  }
}

/** An application whose users come from providers. */
export function federatedWorld(
  providers: readonly Provider[],
  options: ConstructorParameters<typeof World>[0] = {},
): World {
  const protections = [federated({ providers: providers.map((each) => each.asOption) })];
  return new World({ protections, ...options });
}

/** Signs in by an ID token; resolves to the user, or the name of the error. */
export async function comeFrom(
  browser: Browser,
  claims: IdTokenClaims,
  userId = "ada",
): Promise<unknown> {
  const { json } = await browser.visit(async (session) => {
    const refusal = await signInFrom(session, userId, claims).then(
      () => undefined,
      (error: Error) => error.name,
    );
    return refusal ?? session.userId;
  });
  return json;
}

/** @param sessions - Who is asked, where the browser's own are held up. */
export async function isAlive(browser: Browser, sessions = browser.sessions): Promise<boolean> {
  const { json } = await browser.copy(sessions).visit((session) => session.userId ?? null);
  return json !== null;
}

export const aliveOf = (browsers: readonly Browser[]): Promise<boolean[]> =>
  Promise.all(browsers.map((browser) => isAlive(browser)));
