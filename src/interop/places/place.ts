import type { EpochMs } from "../../core/record.ts";
import type { StoreProfile } from "../../core/store.ts";
import type { ForeignRows } from "../foreign/foreign-sessions.ts";

/** A place where a framework keeps its sessions, and what it promises. */
export interface ForeignPlace extends ForeignRows {
  readonly profile: StoreProfile;
}

/** How a place makes of a session's key the name under which it lies there. */
export interface Named {
  /** Such as the framework's prefix and the key. */
  keyFor(key: string): string;
}

/** The end of what has none: the last moment that Python can say. */
export const NO_END: EpochMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
