import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";
import { type Site, serveSite } from "./site.ts";

export const CLIENT = {
  id: "shop",
  secret: "a secret that the shop and its provider share",
} as const;

/** A real OpenID provider, at which everybody is Ada at once and consents to everything. */
export async function serveProvider(redirectUri: string, afterLogout: string): Promise<Site> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), alg: "RS256", use: "sig" };
  return serveSite((issuer) => {
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          redirect_uris: [redirectUri],
          post_logout_redirect_uris: [afterLogout],
        },
      ],
      jwks: { keys: [jwk] },
      cookies: { keys: [crypto.randomUUID()] },
      claims: { openid: ["sub", "name"] },
      conformIdTokenClaims: false,
      findAccount: (_context: unknown, id: string) => ({
        accountId: id,
        claims: () => ({ sub: id, name: "Ada" }),
      }),
      features: { devInteractions: { enabled: false } },
      interactions: { url: () => "/here-is-ada" },
      loadExistingGrant: async ({ oidc }: Asked) => {
        const { accountId } = oidc.session;
        const grant = new oidc.provider.Grant({ clientId: CLIENT.id, accountId });
        grant.addOIDCScope("openid profile");
        await grant.save();
        return grant;
      },
    });
    const answer = provider.callback();
    return (request, response) => {
      if (request.url?.startsWith("/here-is-ada") !== true) answer(request, response);
      else {
        const login = { accountId: "ada" };
        provider.interactionFinished(request, response, { login }).catch((error: unknown) => {
          response.writeHead(500).end(String(error));
        });
      }
    };
  });
}

interface Grant {
  addOIDCScope(scope: string): void;
  save(): Promise<void>;
}

interface Asked {
  readonly oidc: {
    readonly session: { readonly accountId: string };
    readonly provider: {
      readonly Grant: new (of: { clientId: string; accountId: string }) => Grant;
    };
  };
}
