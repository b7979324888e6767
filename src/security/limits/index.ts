export type { Protection } from "../../core/engine.ts";
export { RateLimitError, SessionLimitError } from "./errors.ts";
export {
  type ClientRequest,
  type CreationLimit,
  type LimitCreationOptions,
  limitCreation,
} from "./limit-creation.ts";
export { type LimitSessionsOptions, limitSessions, type OnLimit } from "./limit-sessions.ts";
