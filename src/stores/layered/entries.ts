import type { EpochMs, SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import type { CommitId, SessionId } from "../../core/token.ts";

// A store cannot be told to forget, and replaces a tombstone by nothing. So whatever near is to
// keep, a tombstone or the absence of anything too, is a live record there, replaced by
// compare-and-set. Its version names the filling, so that a late filling replaces no other. It
// expires at the bound at the latest, so that near forgets it by itself. What that displaces, and
// where the filling is from, stands in the one field that no store looks at: `device`.

/** Where what is in near comes from, and when it was true. */
export interface Filling {
  /** Which process filled it, and its how many-th doing that was. */
  readonly writer: string;
  readonly sequence: number;
  /** By the clocks of that process, before it asked origin: `performance.now()`, and the calls'. */
  readonly tickMs: number;
  readonly filledAt: EpochMs;
}

/** What near has of a session; `undefined` is stored where origin had nothing. */
export interface Entry extends Filling {
  readonly stored: StoredSession | undefined;
}

const MARK = "sojourn:near:1";

type Kind = "live" | "ended" | "none";

type Label = readonly [
  mark: typeof MARK,
  writer: string,
  sequence: number,
  tickMs: number,
  filledAt: EpochMs,
  kind: Kind,
  version: CommitId | "",
  expiresAt: EpochMs,
  device: string | null,
  tombstone: Pick<Tombstone, "reason" | "endedAt" | "next" | "notes"> | null,
];

/** The record that near keeps for an entry, until `expiresAt` at most. */
export function nearRecordOf(
  id: SessionId,
  entry: Entry,
  version: CommitId,
  expiresAt: EpochMs,
): SessionRecord {
  const { stored, filledAt } = entry;
  const end = Math.min(stored?.expiresAt ?? expiresAt, expiresAt);
  const device = JSON.stringify(labelOf(entry));
  if (stored?.kind === "live") return { ...stored, version, device, expiresAt: end };
  const manager = stored?.manager ?? NOBODY;
  const [createdAt, lastSeenAt] = [filledAt, filledAt];
  return { ...HOLLOW, id, manager, version, device, createdAt, lastSeenAt, expiresAt: end };
}

/** The entry in near's record, or `undefined` if somebody else has written it. */
export function entryOf(record: SessionRecord): Entry | undefined {
  const label = labelFrom(record.device);
  if (label === undefined) return undefined;
  const [, writer, sequence, tickMs, filledAt] = label;
  return { writer, sequence, tickMs, filledAt, stored: storedIn(record, label) };
}

const NOBODY = "none";

const HOLLOW = {
  kind: "live",
  earlier: "",
  data: "{}",
  flash: "",
  notes: undefined,
  userId: undefined,
  authenticatedAt: undefined,
  persistent: false,
  idleTimeoutMs: 1,
  absoluteTimeoutMs: 1,
} as const;

function labelOf({ stored, writer, sequence, tickMs, filledAt }: Entry): Label {
  const front = [MARK, writer, sequence, tickMs, filledAt] as const;
  if (stored === undefined) return [...front, "none", "", 0, null, null];
  const { kind, version, expiresAt } = stored;
  if (kind === "live") return [...front, kind, version, expiresAt, stored.device ?? null, null];
  const { reason, endedAt, next, notes } = stored;
  return [...front, kind, version, expiresAt, null, { reason, endedAt, next, notes }];
}

function labelFrom(device: string | undefined): Label | undefined {
  if (device === undefined || !device.startsWith(`["${MARK}"`)) return undefined;
  // Nobody else writes this mark, so the rest is as `labelOf` made it.
  return JSON.parse(device);
}

function storedIn(record: SessionRecord, label: Label): StoredSession | undefined {
  const [, , , , , kind, version, expiresAt, device, tombstone] = label;
  if (version === "") return undefined;
  if (kind === "live") return { ...record, version, expiresAt, device: device ?? undefined };
  if (tombstone === null) return undefined;
  const { id, manager } = record;
  const { reason, endedAt, next, notes } = tombstone;
  return {
    ...{ kind: "ended", id, manager, version, reason, endedAt, expiresAt },
    // JSON dropped what is undefined.
    ...{ next, notes },
  };
}
