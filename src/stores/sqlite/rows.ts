import type {
  EndReason,
  SessionFacts,
  SessionRecord,
  StoredSession,
  Tombstone,
} from "../../core/record.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import type { SqliteValue } from "./database.ts";

/** A driver may be set to read integers as `bigint`. */
type Integer = number | bigint;

interface LiveRow {
  readonly reason: null;
  readonly id: SessionId;
  readonly manager: string;
  readonly version: CommitId;
  readonly earlier: string;
  readonly data: string;
  readonly flash: string;
  readonly notes: string | null;
  readonly user_id: string | null;
  readonly created_at: Integer;
  readonly last_seen_at: Integer;
  readonly authenticated_at: Integer | null;
  readonly idle_timeout_ms: Integer;
  readonly absolute_timeout_ms: Integer;
  readonly persistent: Integer;
  readonly device: string | null;
  readonly expires_at: Integer;
}

interface EndedRow {
  readonly reason: EndReason;
  readonly id: SessionId;
  readonly manager: string;
  readonly version: CommitId;
  readonly ended_at: Integer;
  readonly next: SessionId | null;
  readonly notes: string | null;
  readonly expires_at: Integer;
}

/** The columns of a live record that an update sets, in the order of {@link liveValues}. */
export const LIVE_COLUMNS: readonly string[] = [
  "manager",
  "version",
  "expires_at",
  "notes",
  "earlier",
  "data",
  "flash",
  "user_id",
  "created_at",
  "last_seen_at",
  "authenticated_at",
  "idle_timeout_ms",
  "absolute_timeout_ms",
  "persistent",
  "device",
];

/** The columns that only an ended session has. */
export const ENDED_COLUMNS: readonly string[] = ["reason", "ended_at", "next"];

/** What stands in {@link LIVE_COLUMNS}. */
export function liveValues(record: SessionRecord): SqliteValue[] {
  return [
    record.manager,
    record.version,
    record.expiresAt,
    record.notes ?? null,
    record.earlier,
    record.data,
    record.flash,
    record.userId ?? null,
    record.createdAt,
    record.lastSeenAt,
    record.authenticatedAt ?? null,
    record.idleTimeoutMs,
    record.absoluteTimeoutMs,
    record.persistent ? 1 : 0,
    record.device ?? null,
  ];
}

/** What an ended session's columns are set to, in the order in which the statements name them. */
export function endedValues(
  ended: Pick<Tombstone, "version" | "expiresAt" | "notes" | "reason" | "endedAt" | "next">,
): SqliteValue[] {
  const { version, expiresAt, notes, reason, endedAt, next } = ended;
  return [version, expiresAt, notes ?? null, reason, endedAt, next ?? null];
}

/** Reads a row of the sessions table. */
export function storedOf(row: unknown): StoredSession | undefined {
  if (row === undefined || row === null) return undefined;
  const either = row as LiveRow | EndedRow;
  return either.reason === null ? recordOf(either) : tombstoneOf(either);
}

/** Reads a row that is known to be live. */
export function recordOf(row: unknown): SessionRecord {
  const { data, flash } = row as LiveRow;
  return { ...factsIn(row), data, flash };
}

/** Reads a live row without what the application keeps in it. */
export function factsIn(row: unknown): SessionFacts {
  const live = row as Omit<LiveRow, "data" | "flash">;
  return {
    kind: "live",
    id: live.id,
    manager: live.manager,
    version: live.version,
    earlier: live.earlier,
    notes: live.notes ?? undefined,
    userId: live.user_id ?? undefined,
    createdAt: Number(live.created_at),
    lastSeenAt: Number(live.last_seen_at),
    authenticatedAt: live.authenticated_at === null ? undefined : Number(live.authenticated_at),
    persistent: Number(live.persistent) === 1,
    device: live.device ?? undefined,
    idleTimeoutMs: Number(live.idle_timeout_ms),
    absoluteTimeoutMs: Number(live.absolute_timeout_ms),
    expiresAt: Number(live.expires_at),
  };
}

function tombstoneOf(row: EndedRow): Tombstone {
  return {
    kind: "ended",
    id: row.id,
    manager: row.manager,
    version: row.version,
    reason: row.reason,
    endedAt: Number(row.ended_at),
    next: row.next ?? undefined,
    notes: row.notes ?? undefined,
    expiresAt: Number(row.expires_at),
  };
}
