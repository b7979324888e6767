import type { SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import type { Head } from "./heads.ts";

// What the name of the head tells is not told again in the file.
type Told = "kind" | "version" | "expiresAt";
type LiveFile = Omit<SessionRecord, Told | "lastSeenAt">;
type EndedFile = Omit<Tombstone, Told>;

/** The text of a session's file. */
export function textOf(stored: StoredSession): string {
  if (stored.kind === "live") {
    const { kind, version, expiresAt, lastSeenAt, ...file } = stored;
    return JSON.stringify(file satisfies LiveFile);
  }
  const { kind, version, expiresAt, ...file } = stored;
  return JSON.stringify(file satisfies EndedFile);
}

/**
 * What a head and its file tell together; `undefined` where the file is no whole one, as after a
 * loss of power.
 */
export function storedOf(head: Head, text: string): StoredSession | undefined {
  const file = parsed(text);
  if (file === undefined) return undefined;
  const { version, expiresAt, lastSeenAt } = head;
  return head.kind === "live"
    ? liveOf(file as LiveFile, { version, expiresAt, lastSeenAt })
    : endedOf(file as EndedFile, { version, expiresAt });
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function liveOf(
  file: LiveFile,
  told: Pick<SessionRecord, "version" | "expiresAt" | "lastSeenAt">,
): SessionRecord {
  return {
    kind: "live",
    id: file.id,
    manager: file.manager,
    version: told.version,
    earlier: file.earlier,
    data: file.data,
    flash: file.flash,
    notes: file.notes,
    userId: file.userId,
    createdAt: file.createdAt,
    lastSeenAt: told.lastSeenAt,
    authenticatedAt: file.authenticatedAt,
    persistent: file.persistent,
    device: file.device,
    idleTimeoutMs: file.idleTimeoutMs,
    absoluteTimeoutMs: file.absoluteTimeoutMs,
    expiresAt: told.expiresAt,
  };
}

function endedOf(file: EndedFile, told: Pick<Tombstone, "version" | "expiresAt">): Tombstone {
  return {
    kind: "ended",
    id: file.id,
    manager: file.manager,
    version: told.version,
    reason: file.reason,
    endedAt: file.endedAt,
    next: file.next,
    notes: file.notes,
    expiresAt: told.expiresAt,
  };
}
