import type {
  EndReason,
  SessionFacts,
  SessionRecord,
  StoredSession,
  Tombstone,
} from "../../core/record.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import type { MysqlValue } from "./pool.ts";

/** The columns of a live record that an update sets, in the order of {@link liveValues}. */
export const LIVE_COLUMNS: readonly string[] = [
  "manager",
  "version",
  "expires_at",
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
  "notes",
];

/** Those that tell of a session without what the application keeps in it. */
export const FACT_COLUMNS: readonly string[] = LIVE_COLUMNS.filter(
  (column) => !["data", "flash"].includes(column),
);

/** What an ended session has too. */
const OF_BOTH: readonly string[] = ["manager", "version", "expires_at", "notes"];

/** The columns that are emptied when a session ends; the data's room is free then. */
export const ONLY_LIVE_COLUMNS: readonly string[] = LIVE_COLUMNS.filter(
  (column) => !OF_BOTH.includes(column),
);

/** The columns that only an ended session has. */
export const ENDED_COLUMNS: readonly string[] = ["reason", "ended_at", "next"];

/**
 * What no id is, and every id sorts after. Not the empty text: MariaDB's sql_mode
 * EMPTY_STRING_IS_NULL makes NULL of that, which is neither different from nor before anything.
 */
const NO_ID = Buffer.of(0);

/** A row as it was read. */
type Row = Readonly<Record<string, unknown>>;

/** A text as its bytes. */
export function bytes(text: string): Buffer {
  return Buffer.from(text, "utf8");
}

/** An id, or what stands for none of them. */
export function idBytes(id: SessionId | undefined): Buffer {
  return id === undefined ? NO_ID : bytes(id);
}

/** What stands in {@link LIVE_COLUMNS}. */
export function liveValues(record: SessionRecord): MysqlValue[] {
  return [
    bytes(record.manager),
    bytes(record.version),
    record.expiresAt,
    bytes(record.earlier),
    bytes(record.data),
    bytes(record.flash),
    bytesOrNull(record.userId),
    record.createdAt,
    record.lastSeenAt,
    record.authenticatedAt ?? null,
    record.idleTimeoutMs,
    record.absoluteTimeoutMs,
    record.persistent ? 1 : 0,
    bytesOrNull(record.device),
    bytesOrNull(record.notes),
  ];
}

/** What an ended session's columns are set to, in the order in which the statements name them. */
export function endedValues(
  ended: Pick<Tombstone, "version" | "expiresAt" | "reason" | "endedAt" | "next" | "notes">,
): MysqlValue[] {
  const { version, expiresAt, reason, endedAt, next, notes } = ended;
  return [bytes(version), expiresAt, bytes(reason), endedAt, bytesOrNull(next), bytesOrNull(notes)];
}

/** Reads a row of the sessions table, or one without a session, which has no id. */
export function storedOf(row: unknown): StoredSession | undefined {
  if (row === undefined || (row as Row)["id"] === null) return undefined;
  return (row as Row)["reason"] === null ? recordOf(row) : tombstoneOf(row as Row);
}

/** Reads a row that is known to be live. */
export function recordOf(row: unknown): SessionRecord {
  const { data, flash } = row as Row;
  return { ...factsOf(row), data: text(data), flash: text(flash) };
}

/** Reads a live row without what the application keeps in it. */
export function factsOf(row: unknown): SessionFacts {
  const live = row as Row;
  return {
    kind: "live",
    id: idOf(live),
    manager: text(live["manager"]),
    version: text(live["version"]) as CommitId,
    earlier: text(live["earlier"]),
    notes: textOrNone(live["notes"]),
    userId: textOrNone(live["user_id"]),
    createdAt: Number(live["created_at"]),
    lastSeenAt: Number(live["last_seen_at"]),
    authenticatedAt: numberOrNone(live["authenticated_at"]),
    persistent: Number(live["persistent"]) === 1,
    device: textOrNone(live["device"]),
    idleTimeoutMs: Number(live["idle_timeout_ms"]),
    absoluteTimeoutMs: Number(live["absolute_timeout_ms"]),
    expiresAt: Number(live["expires_at"]),
  };
}

/** The id in a row. */
export function idOf(row: unknown): SessionId {
  return text((row as Row)["id"]) as SessionId;
}

function tombstoneOf(row: Row): Tombstone {
  return {
    kind: "ended",
    id: idOf(row),
    manager: text(row["manager"]),
    version: text(row["version"]) as CommitId,
    reason: text(row["reason"]) as EndReason,
    endedAt: Number(row["ended_at"]),
    next: textOrNone(row["next"]) as SessionId | undefined,
    notes: textOrNone(row["notes"]),
    expiresAt: Number(row["expires_at"]),
  };
}

function bytesOrNull(value: string | undefined): Buffer | null {
  return value === undefined ? null : bytes(value);
}

// The same sql_mode stores an empty text as NULL.
function text(value: unknown): string {
  return textOrNone(value) ?? "";
}

// The driver gives bytes; a string where the columns were made of a text type after all.
function textOrNone(value: unknown): string | undefined {
  if (value === null) return undefined;
  return Buffer.isBuffer(value) ? value.toString("utf8") : String(value);
}

function numberOrNone(value: unknown): number | undefined {
  return value === null ? undefined : Number(value);
}
