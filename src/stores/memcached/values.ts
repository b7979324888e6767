import type { SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import type { SessionId } from "../../core/token.ts";

/** Raised when a value is written in another way. */
const FORMAT = 1;

/** A session as the text of one JSON object. It has no line break, which one client would escape. */
export function textOf(stored: StoredSession): string {
  return JSON.stringify({ format: FORMAT, ...stored });
}

/**
 * Reads a text that {@link textOf} wrote.
 *
 * @throws Error if it is no session of this id, without a word of what it says.
 */
export function storedOf(id: SessionId, text: string): StoredSession {
  const value = parsed(text);
  if (value?.["format"] !== FORMAT || value["id"] !== id) {
    throw new Error("What stands under the key was not written by this version of the store.");
  }
  return value["kind"] === "live"
    ? recordOf(value as unknown as SessionRecord)
    : tombstoneOf(value as unknown as Tombstone);
}

// The parser's own error quotes the text, so it goes no further.
function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// JSON leaves out what is undefined; a record names it.
function recordOf(value: SessionRecord): SessionRecord {
  return {
    kind: "live",
    id: value.id,
    manager: value.manager,
    version: value.version,
    earlier: value.earlier,
    data: value.data,
    flash: value.flash,
    notes: value.notes,
    userId: value.userId,
    createdAt: value.createdAt,
    lastSeenAt: value.lastSeenAt,
    authenticatedAt: value.authenticatedAt,
    persistent: value.persistent,
    device: value.device,
    idleTimeoutMs: value.idleTimeoutMs,
    absoluteTimeoutMs: value.absoluteTimeoutMs,
    expiresAt: value.expiresAt,
  };
}

function tombstoneOf(value: Tombstone): Tombstone {
  return {
    kind: "ended",
    id: value.id,
    manager: value.manager,
    version: value.version,
    reason: value.reason,
    endedAt: value.endedAt,
    next: value.next,
    notes: value.notes,
    expiresAt: value.expiresAt,
  };
}
