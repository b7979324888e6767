import { endOf } from "./clocks.ts";
import { namingIn } from "./notes.ts";
import type { SessionFacts } from "./record.ts";
import type { SessionInfo } from "./sessions.ts";

/** What is told of a session without opening it. */
export function infoOf(record: SessionFacts): SessionInfo {
  const { id, userId, createdAt, lastSeenAt, authenticatedAt, persistent, device } = record;
  const times = { createdAt, lastSeenAt, expiresAt: endOf(record), authenticatedAt };
  return { id, userId, ...times, persistent, device, ...namingIn(record) };
}
