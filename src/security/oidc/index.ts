export type { Protection } from "../../core/engine.ts";
export { federated } from "./federated.ts";
export { type Identity, type IdTokenClaims, identityOf } from "./identity.ts";
export { receiveLogout } from "./logout.ts";
export type { FederatedOptions, IdentityProvider } from "./providers.ts";
export { renewIdentity } from "./renewing.ts";
export {
  receiveSecurityEvent,
  type SecurityEvent,
  type SecurityEventOptions,
} from "./security-event.ts";
export type { SubjectOptions } from "./session-revoked.ts";
export { signInFrom } from "./signing-in-from.ts";
export type { SubjectId } from "./subject.ts";
export type { Received, TokenProblem } from "./tokens.ts";
