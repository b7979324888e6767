import { createRemoteJWKSet } from "jose";
import type { Configuration } from "openid-client";
import { createSessions, memoryStore, type Sessions } from "sojourn";
import { federated } from "sojourn/oidc";

/** What the provider has given for a user. It stays in the store. */
export type Tokens = {
  access: string;
  refresh: string;
  expiresAt: number;
};

/** What a session holds. */
export type Account = {
  login?: { state: string; nonce: string; verifier: string };
  tokens?: Tokens;
};

/** Tokens lie here and nowhere else; the browser has a cookie that is none. */
export function accountSessions(provider: Configuration, clientId: string): Sessions<Account> {
  const { issuer, jwks_uri: address = "" } = provider.serverMetadata();
  const keys = createRemoteJWKSet(new URL(address));
  return createSessions<Account>({
    store: memoryStore(),
    protections: [federated({ providers: [{ issuer, clientId, keys }] })],
  });
}
