import type { SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import { storedFrom, UnreadableError } from "../../core/stored-session.ts";
import type { SessionId } from "../../core/token.ts";
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
 * What a head and its file tell together of the session `id`; `undefined` where the file is no whole one, as
 * after a loss of power, or somebody has damaged it.
 */
export function storedOf(id: SessionId, head: Head, text: string): StoredSession | undefined {
  const { kind, version, expiresAt, lastSeenAt } = head;
  try {
    return storedFrom({ ...JSON.parse(text), kind, version, expiresAt, lastSeenAt }, id);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof UnreadableError) return undefined;
    throw error;
  }
}
