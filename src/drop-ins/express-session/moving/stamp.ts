import { createHash } from "node:crypto";
import type { JsonObject, JsonValue } from "../../../core/json.ts";

/**
 * The key under which a session in their store carries its stamp. express-session keeps what it does
 * not know, so whatever a process of theirs stores says by it what that process had read.
 */
export const STAMP_KEY = "sojourn.moving";

/** What each key of a session held when it was written here: a digest of its value. */
export type Stamp = Readonly<Record<string, string>>;

/** What one writer has done to a session's keys. */
export interface Changes {
  readonly set: JsonObject;
  readonly removed: readonly string[];
}

export function stampOf(data: JsonObject): Stamp {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, digestOf(value)]));
}

/** What has been done to data since they carried this stamp; `undefined` where nothing was. */
export function changesSince(stamp: Stamp, data: JsonObject): Changes | undefined {
  const entries = Object.entries(data).filter(([key, value]) => stamp[key] !== digestOf(value));
  const removed = Object.keys(stamp).filter((key) => !Object.hasOwn(data, key));
  if (entries.length === 0 && removed.length === 0) return undefined;
  return { set: Object.fromEntries(entries), removed };
}

/** The data with somebody's changes made to them. */
export function withChanges(data: JsonObject, { set, removed }: Changes): JsonObject {
  const kept = Object.entries(data).filter(([key]) => !removed.includes(key));
  return { ...Object.fromEntries(kept), ...set };
}

/** A stamp as it comes out of a store. */
export function stampIn(value: JsonValue | undefined): Stamp | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return value as Stamp;
}

/** It tells values apart, and hides nothing: they lie beside it. */
function digestOf(value: JsonValue): string {
  return createHash("sha256").update(canonical(value)).digest("base64url").slice(0, 12);
}

/** A database that keeps JSON as such may order the keys anew. */
function canonical(value: JsonValue): string {
  return JSON.stringify(value, (_key, inner: JsonValue) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(
      Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)),
    );
  });
}
