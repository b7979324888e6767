import type { EndReason, SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import type { PostgresValue } from "./clients.ts";
import type { Row } from "./database.ts";

/** A column that a live record fills, and how its parameter is written. */
export interface Column {
  readonly name: string;
  /** Said of every parameter, as drivers would else choose by the type that the server infers. */
  readonly cast: string;
}

/** The columns of a live record that an update sets, in the order of {@link liveValues}. */
export const LIVE_COLUMNS: readonly Column[] = [
  { name: "manager", cast: "text" },
  { name: "version", cast: "text" },
  { name: "expires_at", cast: "bigint" },
  { name: "earlier", cast: "text" },
  // Through text: postgres.js and PGlite would encode a parameter of type json once more.
  { name: "data", cast: "text::json" },
  { name: "flash", cast: "text" },
  { name: "user_id", cast: "text" },
  { name: "created_at", cast: "bigint" },
  { name: "last_seen_at", cast: "bigint" },
  { name: "authenticated_at", cast: "bigint" },
  { name: "idle_timeout_ms", cast: "bigint" },
  { name: "absolute_timeout_ms", cast: "bigint" },
  { name: "persistent", cast: "boolean" },
  { name: "device", cast: "text" },
];

/** The columns that only an ended session has, in the order of {@link endedValues}. */
export const ENDED_COLUMNS: readonly string[] = ["reason", "ended_at", "next"];

/** What the statements select, in the order in which {@link storedOf} reads it. */
export const SELECTED: string = [
  "id",
  ...LIVE_COLUMNS.map(({ name }) => (name === "data" ? "data::text" : name)),
  ...ENDED_COLUMNS,
].join(", ");

/** What stands in {@link LIVE_COLUMNS}. */
export function liveValues(record: SessionRecord): PostgresValue[] {
  return [
    record.manager,
    record.version,
    record.expiresAt,
    record.earlier,
    record.data,
    record.flash,
    record.userId ?? null,
    record.createdAt,
    record.lastSeenAt,
    record.authenticatedAt ?? null,
    record.idleTimeoutMs,
    record.absoluteTimeoutMs,
    record.persistent,
    record.device ?? null,
  ];
}

/** What an ended session's columns are set to, in the order in which the statements name them. */
export function endedValues(
  ended: Pick<Tombstone, "version" | "expiresAt" | "reason" | "endedAt" | "next">,
): PostgresValue[] {
  return [ended.version, ended.expiresAt, ended.reason, ended.endedAt, ended.next ?? null];
}

/** As drivers give them: a `bigint` as text, number or bigint. */
type LiveColumns = readonly [
  id: SessionId,
  manager: string,
  version: CommitId,
  expiresAt: unknown,
  earlier: string,
  data: string,
  flash: string,
  userId: string | null,
  createdAt: unknown,
  lastSeenAt: unknown,
  authenticatedAt: unknown,
  idleTimeoutMs: unknown,
  absoluteTimeoutMs: unknown,
  persistent: boolean,
  device: string | null,
];
type EndedColumns = readonly [reason: EndReason, endedAt: unknown, next: SessionId | null];

/** Reads a row of {@link SELECTED}; one of nothing but nulls is a join's, and no session. */
export function storedOf(row: Row | undefined): StoredSession | undefined {
  if (row === undefined || row[0] === null) return undefined;
  return row[LIVE_COLUMNS.length + 1] === null ? recordOf(row) : tombstoneOf(row);
}

/** Reads a row that is known to be live. */
export function recordOf(row: Row): SessionRecord {
  const [
    id,
    manager,
    version,
    expiresAt,
    earlier,
    data,
    flash,
    userId,
    createdAt,
    lastSeenAt,
    authenticatedAt,
    idleTimeoutMs,
    absoluteTimeoutMs,
    persistent,
    device,
  ] = row as unknown as LiveColumns;
  return {
    kind: "live",
    notes: undefined,
    id,
    manager,
    version,
    earlier,
    data,
    flash,
    userId: userId ?? undefined,
    createdAt: Number(createdAt),
    lastSeenAt: Number(lastSeenAt),
    authenticatedAt: authenticatedAt === null ? undefined : Number(authenticatedAt),
    persistent,
    device: device ?? undefined,
    idleTimeoutMs: Number(idleTimeoutMs),
    absoluteTimeoutMs: Number(absoluteTimeoutMs),
    expiresAt: Number(expiresAt),
  };
}

function tombstoneOf(row: Row): Tombstone {
  const [id, manager, version, expiresAt] = row as unknown as LiveColumns;
  const ended = row.slice(LIVE_COLUMNS.length + 1) as unknown as EndedColumns;
  const [reason, endedAt, next] = ended;
  return {
    kind: "ended",
    notes: undefined,
    id,
    manager,
    version,
    reason,
    endedAt: Number(endedAt),
    next: next ?? undefined,
    expiresAt: Number(expiresAt),
  };
}
