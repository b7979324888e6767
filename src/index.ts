export type { CookieOptions } from "./cookies/cookie-options.ts";
export type { CookiePrefix } from "./cookies/cookie-prefix.ts";
export type { CarrierOptions } from "./cookies/cookie-rules.ts";
export type { TrustProxy } from "./cookies/transport.ts";
export type { Duration } from "./core/duration.ts";
export type { Clock } from "./core/environment.ts";
export {
  type AnySessionError,
  CodecError,
  CookieTooLargeError,
  CrossSiteError,
  DataTooLargeError,
  ExclusiveError,
  HeadersSentError,
  InsecureConnectionError,
  OptionsError,
  PrefetchError,
  SessionEndedError,
  SessionError,
  type SessionErrorCode,
  SessionLockedError,
  StoreError,
  type StoreOperation,
  type StoreOutcome,
} from "./core/errors.ts";
export type {
  EventRequest,
  HandOffRejection,
  Rejection,
  SessionEvents,
  SessionListener,
} from "./core/events.ts";
export type {
  ExpectHandOffOptions,
  HandOffOptions,
  RedeemOptions,
  Redemption,
} from "./core/hand-off.ts";
export type { JsonObject, JsonValue } from "./core/json.ts";
export type {
  EndedEvent,
  EndedListener,
  EndedReason,
  OnEndedOptions,
  Onlooker,
  WatchedSession,
  WatchedUser,
} from "./core/onlooker.ts";
export type { EngineOptions, Timeouts } from "./core/options.ts";
export type {
  EndReason,
  EpochMs,
  Policy,
  SessionFacts,
  SessionRecord,
  StoredSession,
  Tombstone,
} from "./core/record.ts";
export type { ErrorContext, ErrorListener } from "./core/report.ts";
export type { CrossSite, CrossSiteOptions } from "./core/request/cross-site.ts";
export type { Schema, SchemaIssue, SchemaResult } from "./core/schema.ts";
export {
  type ExclusiveOptions,
  type ExclusiveSession,
  type FreshOptions,
  type Lease,
  REMOVE,
  type Session,
  type SessionView,
  type SignInOptions,
  type SignOutOptions,
  type ValueOptions,
} from "./core/session.ts";
export type {
  DeletedExpired,
  DeleteExpiredOptions,
  ExportedSession,
  HandleOptions,
  OpenOptions,
  SessionInfo,
  SessionSource,
  Sessions,
} from "./core/sessions.ts";
export type { StorableData } from "./core/storable.ts";
export type {
  Announcements,
  Directory,
  EndAll,
  EndListener,
  EndOutcome,
  Expiry,
  ScanPage,
  Seen,
  SessionStore,
  SilentStore,
  StoreCall,
  StoreProfile,
  Touch,
  UpdateOutcome,
  UserKey,
} from "./core/store.ts";
export type { CommitId, SessionId } from "./core/token.ts";
export {
  type CookieSessionOptions,
  createSessions,
  type SessionOptions,
  type SharedSessionOptions,
  type Untyped,
} from "./create-sessions.ts";
export { type MemoryStoreOptions, memoryStore } from "./stores/memory/index.ts";
