import type { Failure } from "./failure.ts";

/** Called when a store is done. */
export type Done = (error?: Failure) => void;

/** A store as connect-redis, connect-pg-simple, session-file-store and their kin are one. */
export interface ConnectStore {
  get(sid: string, callback: (error: unknown, session?: unknown) => void): unknown;
  set(sid: string, session: never, callback?: Done): unknown;
  destroy(sid: string, callback?: Done): unknown;
  touch?(sid: string, session: never, callback?: () => void): unknown;
  on(event: "connect" | "disconnect", listener: () => void): unknown;
}
