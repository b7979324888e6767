import { endOf } from "./clocks.ts";
import type { SessionFacts } from "./record.ts";
import type { SessionInfo } from "./sessions.ts";

/** What is told of a session without opening it. */
export function infoOf(record: SessionFacts): SessionInfo {
  const { id, userId, createdAt, lastSeenAt, authenticatedAt, persistent, device } = record;
  const expiresAt = endOf(record);
  return { id, userId, createdAt, lastSeenAt, expiresAt, authenticatedAt, persistent, device };
}
