import { parse } from "../../core/json.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";

/** A copy of a record, and when it was surely the newest. */
export interface Snapshot {
  readonly record: SessionRecord;
  readonly takenAt: EpochMs;
}

const VERSION = 1;

/** The text that is sealed. Data is not written as JSON within JSON, so it stands apart. */
export function snapshotText({ record, takenAt }: Snapshot): string {
  const { data, flash, ...facts } = record;
  return `${JSON.stringify([VERSION, takenAt, facts])}\n${flash}\n${data}`;
}

/** Reads what {@link snapshotText} wrote; `undefined` for anything else. */
export function readSnapshot(text: string): Snapshot | undefined {
  const [first = "", flash = "", ...lines] = text.split("\n");
  const parts = parse(first);
  if (!isHead(parts)) return undefined;
  const [, takenAt, facts] = parts;
  const { userId, authenticatedAt, device } = facts;
  // JSON leaves out what is undefined.
  const record = { ...facts, userId, authenticatedAt, device, flash, data: lines.join("\n") };
  return { takenAt, record };
}

type Head = readonly [
  version: typeof VERSION,
  takenAt: EpochMs,
  facts: Omit<SessionRecord, "data" | "flash">,
];

/** Only this library seals snapshots, so their form is that of their version. */
function isHead(parts: unknown): parts is Head {
  return Array.isArray(parts) && parts[0] === VERSION && parts.length === 3;
}
