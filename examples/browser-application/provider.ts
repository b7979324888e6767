import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

/** What the provider knows of the application. */
export interface Registration {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where the browser finds the application. */
  readonly origin: string;
  /** Where the provider itself finds it. */
  readonly backChannel: string;
  /** How long an access token is good: seconds. */
  readonly lifetimeOf: (grant: unknown) => number;
}

/** A real OpenID provider, with its own pages. Whoever types a name is that person. */
export async function identityProvider(registration: Registration): Promise<Provider> {
  const { issuer, clientId, clientSecret, origin, backChannel, lifetimeOf } = registration;
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: ["authorization_code", "refresh_token"],
        redirect_uris: [`${origin}/callback`],
        post_logout_redirect_uris: [`${origin}/`],
        backchannel_logout_uri: `${backChannel}/back-channel-logout`,
        backchannel_logout_session_required: true,
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: "RS256", use: "sig" }] },
    cookies: { keys: [crypto.randomUUID()] },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, name: id }),
    }),
    features: { backchannelLogout: { enabled: true }, revocation: { enabled: true } },
    // Its own guard lets it post to no address of this machine, where everything here is.
    fetch: (url: string, { dispatcher: _, ...options }: RequestInit & { dispatcher?: unknown }) =>
      fetch(url, options),
    issueRefreshToken: () => true,
    // Whoever sends a refresh token twice ends all tokens of that sign-in (RFC 9700, 4.14.2).
    rotateRefreshToken: true,
    ttl: {
      AccessToken: ({ oidc }: { oidc: { params?: { grant_type?: unknown } } }) =>
        lifetimeOf(oidc.params?.grant_type),
    },
  });
}
