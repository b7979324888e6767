import { GRACE_MS } from "./clocks.ts";
import { type JsonObject, parseObject } from "./json.ts";
import type { EpochMs, SessionRecord, StoredSession } from "./record.ts";
import type { CommitId, SessionId } from "./token.ts";

/** What is kept in a store beside the sessions, and what of it is told apart by. */
export interface Side {
  /** Made by {@link sideId}: nobody has a token for it. */
  readonly id: SessionId;
  /** The manager whose it is, and what kind of thing: {@link sideManager}. */
  readonly manager: string;
  readonly version: CommitId;
  readonly content: JsonObject;
  readonly writtenAt: EpochMs;
  readonly endsAt: EpochMs;
}

/** A record that is no session: no manager counts, lists or opens it. */
export function sideRecord(side: Side): SessionRecord {
  const { id, manager, version, content, writtenAt, endsAt } = side;
  const lifetimeMs = Math.max(endsAt - writtenAt, 1);
  return {
    kind: "live",
    id,
    manager,
    version,
    earlier: "",
    data: JSON.stringify(content),
    flash: "",
    notes: undefined,
    userId: undefined,
    createdAt: writtenAt,
    lastSeenAt: writtenAt,
    authenticatedAt: undefined,
    persistent: false,
    device: undefined,
    idleTimeoutMs: lifetimeMs,
    absoluteTimeoutMs: lifetimeMs,
    expiresAt: endsAt + GRACE_MS,
  };
}

/** The name that stands in for a manager's: a cookie's name, as managers have, holds no colon. */
export function sideManager(manager: string, kind: string): string {
  return `${manager}:${kind}`;
}

/** What a side record holds; `undefined` for anything else. */
export function sideContent(
  stored: StoredSession | undefined,
  manager: string,
): JsonObject | undefined {
  if (stored?.kind !== "live" || stored.manager !== manager) return undefined;
  return parseObject(stored.data);
}

/** Whether something is kept beside the sessions, rather than one of them. */
export function isSide({ manager }: Pick<StoredSession, "manager">): boolean {
  return manager.includes(":");
}
