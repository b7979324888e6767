import type { Hooks, Protection } from "../../core/engine.ts";
import { federate } from "./federation.ts";
import { checkedProviders, type FederatedOptions } from "./providers.ts";
import { SigningInFrom } from "./signing-in-from.ts";

/**
 * Lets identity providers end the sessions that began with their word: see {@link signInFrom},
 * {@link receiveLogout} and {@link receiveSecurityEvent}.
 *
 * A sign-in by {@link signInFrom} costs some calls of the store more, any other request none.
 *
 * @throws {@link OptionsError} for what is no provider, and from `createSessions` over a store without a
 * directory, `cookieStore` and shared sessions, where nobody can find a user's sessions.
 * @example
 * import { createRemoteJWKSet } from "jose";
 * import { createSessions } from "sojourn";
 * import { federated } from "sojourn/oidc";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const keys = createRemoteJWKSet(new URL("https://id.example/jwks"));
 * export const sessions = createSessions({
 *   store: sqliteStore("sessions.db"),
 *   protections: [federated({ providers: [{ issuer: "https://id.example", clientId: "shop", keys }] })],
 * });
 */
export function federated(options: FederatedOptions): Protection {
  const providers = checkedProviders(options);
  return {
    name: "federated",
    protect: (engine): Hooks => new SigningInFrom(federate(engine, providers)),
  };
}
