import type {
  EndReason,
  SessionFacts,
  SessionRecord,
  StoredSession,
  Tombstone,
} from "../../core/record.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import type { PostgresValue } from "./clients.ts";
import type { Row } from "./database.ts";

/** A column that a live record fills, and how its parameter is written. */
export interface Column {
  readonly name: string;
  /** Said of every parameter, as drivers would else choose by the type that the server infers. */
  readonly cast: string;
}

const FACT_COLUMNS: readonly Column[] = [
  { name: "manager", cast: "text" },
  { name: "version", cast: "text" },
  { name: "expires_at", cast: "bigint" },
  { name: "notes", cast: "text" },
  { name: "earlier", cast: "text" },
  { name: "user_id", cast: "text" },
  { name: "created_at", cast: "bigint" },
  { name: "last_seen_at", cast: "bigint" },
  { name: "authenticated_at", cast: "bigint" },
  { name: "idle_timeout_ms", cast: "bigint" },
  { name: "absolute_timeout_ms", cast: "bigint" },
  { name: "persistent", cast: "boolean" },
  { name: "device", cast: "text" },
];

/** The columns of a live record that an update sets, in the order of {@link liveValues}. */
export const LIVE_COLUMNS: readonly Column[] = [
  ...FACT_COLUMNS,
  // Through text: postgres.js and PGlite would encode a parameter of type json once more.
  { name: "data", cast: "text::json" },
  { name: "flash", cast: "text" },
];

/** What an ended session has too. */
const OF_BOTH = ["manager", "version", "expires_at", "notes"];

/** The columns that are emptied when a session ends; the data's room is free then. */
export const ONLY_LIVE_COLUMNS: readonly string[] = LIVE_COLUMNS.map(({ name }) => name).filter(
  (name) => !OF_BOTH.includes(name),
);

/** The columns that only an ended session has. */
export const ENDED_COLUMNS: readonly string[] = ["reason", "ended_at", "next"];

/** What a list selects, in the order in which {@link factsOf} reads it. */
export const SELECTED_FACTS: string = ["id", ...FACT_COLUMNS.map(({ name }) => name)].join(", ");

/** What the statements select, in the order in which {@link storedOf} reads it. */
export const SELECTED: string = [SELECTED_FACTS, "data::text", "flash", ...ENDED_COLUMNS].join(
  ", ",
);

/** What stands in {@link LIVE_COLUMNS}. */
export function liveValues(record: SessionRecord): PostgresValue[] {
  return [
    record.manager,
    record.version,
    record.expiresAt,
    record.notes ?? null,
    record.earlier,
    record.userId ?? null,
    record.createdAt,
    record.lastSeenAt,
    record.authenticatedAt ?? null,
    record.idleTimeoutMs,
    record.absoluteTimeoutMs,
    record.persistent,
    record.device ?? null,
    record.data,
    record.flash,
  ];
}

/** What an ended session's columns are set to, in the order in which the statements name them. */
export function endedValues(
  ended: Pick<Tombstone, "version" | "expiresAt" | "notes" | "reason" | "endedAt" | "next">,
): PostgresValue[] {
  const { version, expiresAt, notes, reason, endedAt, next } = ended;
  return [version, expiresAt, notes ?? null, reason, endedAt, next ?? null];
}

/** As drivers give them: a `bigint` as text, number or bigint. */
type CommonColumns = readonly [
  id: SessionId,
  manager: string,
  version: CommitId,
  expiresAt: unknown,
  notes: string | null,
];
type FactColumns = readonly [
  ...CommonColumns,
  earlier: string,
  userId: string | null,
  createdAt: unknown,
  lastSeenAt: unknown,
  authenticatedAt: unknown,
  idleTimeoutMs: unknown,
  absoluteTimeoutMs: unknown,
  persistent: boolean,
  device: string | null,
];
type LiveColumns = readonly [data: string, flash: string];
type EndedColumns = readonly [reason: EndReason, endedAt: unknown, next: SessionId | null];

/** Where the columns begin that only a live record has beside its facts, and those of an ended one. */
const LIVE_AT = 1 + FACT_COLUMNS.length;
const ENDED_AT = 1 + LIVE_COLUMNS.length;

/** Reads a row of {@link SELECTED}; one of nothing but nulls is a join's, and no session. */
export function storedOf(row: Row | undefined): StoredSession | undefined {
  if (row === undefined || row[0] === null) return undefined;
  return row[ENDED_AT] === null ? recordOf(row) : tombstoneOf(row);
}

/** Reads a row that is known to be live. */
export function recordOf(row: Row): SessionRecord {
  const [data, flash] = row.slice(LIVE_AT) as unknown as LiveColumns;
  return { ...factsOf(row), data, flash };
}

/** Reads a live row of {@link SELECTED_FACTS}, which is how one of {@link SELECTED} begins. */
export function factsOf(row: Row): SessionFacts {
  const [
    id,
    manager,
    version,
    expiresAt,
    notes,
    earlier,
    userId,
    createdAt,
    lastSeenAt,
    authenticatedAt,
    idleTimeoutMs,
    absoluteTimeoutMs,
    persistent,
    device,
  ] = row as unknown as FactColumns;
  return {
    kind: "live",
    id,
    manager,
    version,
    earlier,
    notes: notes ?? undefined,
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
  const [id, manager, version, expiresAt, notes] = row as unknown as CommonColumns;
  const [reason, endedAt, next] = row.slice(ENDED_AT) as unknown as EndedColumns;
  return {
    kind: "ended",
    id,
    manager,
    version,
    reason,
    endedAt: Number(endedAt),
    next: next ?? undefined,
    notes: notes ?? undefined,
    expiresAt: Number(expiresAt),
  };
}
