export { type CeilingOptions, ceiling, isBelowBest, requireBest } from "./ceiling.ts";
export {
  type CredentialsOptions,
  type CredentialsProtection,
  credentials,
} from "./credentials.ts";
export {
  type ElevateOptions,
  elevate,
  endElevation,
  isElevated,
  requireElevated,
} from "./elevation.ts";
export { AssuranceError, type AssuranceReason } from "./errors.ts";
export {
  type ImpersonateOptions,
  impersonate,
  impersonation,
  impersonator,
  stopImpersonating,
} from "./impersonation.ts";
export {
  type LockOptions,
  type LockProtection,
  lockedUserId,
  lockWhenIdle,
  unlock,
} from "./lock.ts";
export { describePolicy, type SessionPolicy } from "./policy.ts";
export { type NistLevel, nist, type OwaspRisk, owasp, type PresetOptions } from "./presets.ts";
export { type RequireFreshOptions, requireFresh } from "./require-fresh.ts";
