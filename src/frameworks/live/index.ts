/** Sessions of connections that stay open: see docs/live-connections.md of the package. */

export type {
  LiveEnd,
  LiveEndListener,
  LiveEndReason,
  LiveSession,
} from "./live-session.ts";
export {
  type ConnectOptions,
  type LiveOptions,
  type LiveSessions,
  liveSessions,
} from "./live-sessions.ts";
export type { Closing } from "./until.ts";
