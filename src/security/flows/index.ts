export { FlowError, type FlowReason } from "./errors.ts";
export {
  type Flow,
  type FlowOf,
  type FlowOptions,
  type FlowState,
  flow,
  type InFlow,
} from "./flow.ts";
export {
  type HalfDone,
  type PendingSignIn,
  type PendingSignInOptions,
  pendingSignIn,
} from "./pending-sign-in.ts";
