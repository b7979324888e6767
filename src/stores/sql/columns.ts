import type {
  EndReason,
  SessionFacts,
  SessionRecord,
  StoredSession,
  Tombstone,
} from "../../core/record.ts";
import type { CommitId, SessionId } from "../../core/token.ts";

/** What is bound to a parameter. */
export type Value = string | number | null;

/** A column of the sessions' table. */
export interface Column {
  readonly name: string;
  /** A flag is written as 1 or 0. */
  readonly holds: "text" | "json" | "number" | "flag";
}

/** What an ending leaves of one session, or of each of many. */
export type Ending = Pick<Tombstone, "version" | "expiresAt" | "reason" | "endedAt"> &
  Partial<Pick<Tombstone, "next" | "notes">>;

const FACTS = [
  { name: "manager", holds: "text" },
  { name: "version", holds: "text" },
  { name: "expires_at", holds: "number" },
  { name: "notes", holds: "text" },
  { name: "earlier", holds: "text" },
  { name: "user_id", holds: "text" },
  { name: "created_at", holds: "number" },
  { name: "last_seen_at", holds: "number" },
  { name: "authenticated_at", holds: "number" },
  { name: "idle_timeout_ms", holds: "number" },
  { name: "absolute_timeout_ms", holds: "number" },
  { name: "persistent", holds: "flag" },
  { name: "device", holds: "text" },
] as const satisfies readonly Column[];

const LIVE = [
  ...FACTS,
  { name: "data", holds: "json" },
  { name: "flash", holds: "text" },
] as const satisfies readonly Column[];

const ENDING = [
  { name: "version", holds: "text" },
  { name: "expires_at", holds: "number" },
  { name: "notes", holds: "text" },
  { name: "reason", holds: "text" },
  { name: "ended_at", holds: "number" },
  { name: "next", holds: "text" },
] as const satisfies readonly Column[];

type Name = "id" | (typeof LIVE | typeof ENDING)[number]["name"];

/** The columns of a live record that a write sets. */
export const LIVE_COLUMNS: readonly Column[] = LIVE;
export const LIVE_NAMES: readonly string[] = LIVE.map(({ name }) => name);

/** What goes into {@link LIVE_COLUMNS}. */
export function liveValues(record: SessionRecord): Value[] {
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
    record.persistent ? 1 : 0,
    record.device ?? null,
    record.data,
    record.flash,
  ];
}

/** The columns that an ending sets. */
export const ENDING_COLUMNS: readonly Column[] = ENDING;
const ENDING_NAMES: readonly string[] = ENDING.map(({ name }) => name);

/** What goes into {@link ENDING_COLUMNS}. */
export function endingValues(ending: Ending): Value[] {
  const { version, expiresAt, notes, reason, endedAt, next } = ending;
  return [version, expiresAt, notes ?? null, reason, endedAt, next ?? null];
}

/** What only an ended session has: emptied where another one takes its place. */
export const ENDED_NAMES: readonly string[] = ENDING_NAMES.filter(
  (name) => !LIVE_NAMES.includes(name),
);

/** What only a live session has: emptied by its ending, so that the data's room is free. */
export const ONLY_LIVE_NAMES: readonly string[] = LIVE_NAMES.filter(
  (name) => name !== "manager" && !ENDING_NAMES.includes(name),
);

/** What a list selects. */
export const FACT_NAMES: readonly string[] = ["id", ...FACTS.map(({ name }) => name)];

/** What is selected otherwise; {@link FACT_NAMES} come first. */
export const ALL_NAMES: readonly string[] = ["id", ...LIVE_NAMES, ...ENDED_NAMES];

/** Reads rows. */
export interface RowReader {
  /** What stands in a row; `undefined` where there is none, or one of nothing but NULL. */
  readonly stored: (row: unknown) => StoredSession | undefined;
  /** What stands in a row that is known to be live. */
  readonly record: (row: unknown) => SessionRecord;
  /** The same where only {@link FACT_NAMES} were selected. */
  readonly facts: (row: unknown) => SessionFacts;
  readonly id: (row: unknown) => SessionId;
}

type TextIn = (cell: unknown) => string | undefined;

function plainText(cell: unknown): string | undefined {
  return (cell ?? undefined) as string | undefined;
}

type Row = Readonly<Record<string | number, unknown>>;

/**
 * Reads rows as one driver gives them. Numbers may come as texts or `bigint`, a flag as a boolean.
 *
 * @param rows - By the names of their columns, or in the order of {@link ALL_NAMES}.
 * @param text - The text in a cell, `undefined` for NULL; where it does not come as one.
 */
export function rowReader(rows: "objects" | "lists", text: TextIn = plainText): RowReader {
  const placed = ALL_NAMES.map((name, place) => [name, rows === "lists" ? place : name]);
  const at: Readonly<Record<Name, string | number>> = Object.fromEntries(placed);
  // An empty text is NULL where MariaDB's sql_mode is EMPTY_STRING_IS_NULL.
  const certain = (cell: unknown): string => text(cell) ?? "";
  const number = (cell: unknown): number | undefined => (cell === null ? undefined : Number(cell));
  const id = (row: unknown): SessionId => certain((row as Row)[at.id]) as SessionId;

  const facts = (given: unknown): SessionFacts => {
    const row = given as Row;
    return {
      kind: "live",
      id: id(row),
      manager: certain(row[at.manager]),
      version: certain(row[at.version]) as CommitId,
      earlier: certain(row[at.earlier]),
      notes: text(row[at.notes]),
      userId: text(row[at.user_id]),
      createdAt: Number(row[at.created_at]),
      lastSeenAt: Number(row[at.last_seen_at]),
      authenticatedAt: number(row[at.authenticated_at]),
      persistent: Number(row[at.persistent]) === 1,
      device: text(row[at.device]),
      idleTimeoutMs: Number(row[at.idle_timeout_ms]),
      absoluteTimeoutMs: Number(row[at.absolute_timeout_ms]),
      expiresAt: Number(row[at.expires_at]),
    };
  };
  const record = (given: unknown): SessionRecord => {
    const row = given as Row;
    return { ...facts(row), data: certain(row[at.data]), flash: certain(row[at.flash]) };
  };
  const tombstone = (row: Row): Tombstone => ({
    kind: "ended",
    id: id(row),
    manager: certain(row[at.manager]),
    version: certain(row[at.version]) as CommitId,
    reason: certain(row[at.reason]) as EndReason,
    endedAt: Number(row[at.ended_at]),
    next: text(row[at.next]) as SessionId | undefined,
    notes: text(row[at.notes]),
    expiresAt: Number(row[at.expires_at]),
  });
  const stored = (given: unknown): StoredSession | undefined => {
    const row = (given ?? undefined) as Row | undefined;
    if (row === undefined || row[at.id] === null) return undefined;
    return row[at.reason] === null ? record(row) : tombstone(row);
  };
  return { stored, record, facts, id };
}
