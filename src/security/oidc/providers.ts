import type { JWTVerifyGetKey } from "jose";
import { OptionsError } from "../../core/errors.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";

/** An identity provider whose word ends sessions. */
export interface IdentityProvider {
  /** Exactly as its ID tokens have it in `iss`. */
  readonly issuer: string;
  /** Your client's id, which its tokens have in `aud`. */
  readonly clientId: string;
  /** Its keys: `createRemoteJWKSet(new URL(metadata.jwks_uri))` of jose. */
  readonly keys: JWTVerifyGetKey;
  /**
   * The algorithms of its signatures.
   *
   * @defaultValue `["RS256", "PS256", "ES256", "EdDSA"]`
   */
  readonly algorithms?: readonly string[] | undefined;
}

/** Which identity providers users come from. */
export interface FederatedOptions {
  readonly providers: readonly IdentityProvider[];
}

export type Providers = ReadonlyMap<string, IdentityProvider>;

/** The providers by their issuers. @throws {@link OptionsError} for what is no provider. */
export function checkedProviders(options: FederatedOptions): Providers {
  requireKnownKeys("federated", options, ["providers"]);
  const { providers } = options;
  if (!Array.isArray(providers) || providers.length === 0) {
    throw new OptionsError("federated.providers", "must be a list of one or more providers.");
  }
  const byIssuer = new Map<string, IdentityProvider>();
  for (const [place, provider] of providers.entries()) {
    const group = `federated.providers[${place}]`;
    checkProvider(group, provider);
    if (byIssuer.has(provider.issuer)) {
      throw new OptionsError(`${group}.issuer`, "is there twice. Keep one of each issuer.");
    }
    byIssuer.set(provider.issuer, { ...provider });
  }
  return byIssuer;
}

function checkProvider(group: string, provider: IdentityProvider): void {
  requireKnownKeys(group, provider, ["issuer", "clientId", "keys", "algorithms"]);
  checkText(`${group}.issuer`, provider.issuer, '"https://id.example"');
  checkText(`${group}.clientId`, provider.clientId, '"shop"');
  if (typeof provider.keys !== "function") {
    const advice = "must be a function of jose's, such as createRemoteJWKSet(new URL(jwksUri)).";
    throw new OptionsError(`${group}.keys`, advice);
  }
  checkAlgorithms(`${group}.algorithms`, provider.algorithms);
}

function checkText(option: string, value: unknown, example: string): void {
  if (typeof value === "string" && value !== "") return;
  throw new OptionsError(option, `must be a text such as ${example}.`);
}

const ASYMMETRIC = /^(?:RS|PS|ES)(?:256|384|512)$|^(?:EdDSA|Ed25519)$/;

/** A provider's keys are public: a signature by a shared secret would be anybody's. */
function checkAlgorithms(option: string, algorithms: readonly string[] | undefined): void {
  if (algorithms === undefined) return;
  const isUsable =
    Array.isArray(algorithms) &&
    algorithms.length > 0 &&
    algorithms.every((name) => ASYMMETRIC.test(String(name)));
  if (!isUsable) throw new OptionsError(option, 'must be a list such as ["RS256"].');
}
