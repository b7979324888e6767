import type { StoreCall } from "../../core/store.ts";
import type { ForeignRows, Row } from "../foreign/foreign-sessions.ts";

/** The two records of a session, either of which may be missing. */
export interface TwoRecords {
  readonly session: Uint8Array | undefined;
  readonly notifications: Uint8Array | undefined;
}

const LENGTH_BYTES = 4;

/** Both as the bytes of one row. */
export function joined({ session, notifications }: TwoRecords): Uint8Array {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(session?.length ?? 0);
  return Buffer.concat([length, session ?? NOTHING, notifications ?? NOTHING]);
}

/** The records of such a row. */
export function parted(bytes: Uint8Array): TwoRecords {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = LENGTH_BYTES + all.readUInt32BE();
  return {
    session: orNothing(all.subarray(LENGTH_BYTES, end)),
    notifications: orNothing(all.subarray(end)),
  };
}

const NOTHING = Buffer.alloc(0);

/** No pickle is empty. */
function orNothing(bytes: Buffer): Buffer | undefined {
  return bytes.length === 0 ? undefined : bytes;
}

/**
 * A session and its notifications as one row, which lie under one key in two places. Only the record
 * that changes is written, as pycket does. The notifications go first: whoever then finds the
 * session changed begins anew, and can set and take the same messages again, but not change the
 * same data twice.
 */
export function withNotifications(sessions: ForeignRows, notifications: ForeignRows): ForeignRows {
  return {
    async read(key, call) {
      const found = [sessions.read(key, call), notifications.read(key, call)];
      const [session, notes] = await Promise.all(found);
      if (session === undefined && notes === undefined) return undefined;
      const records = { session: session?.bytes, notifications: notes?.bytes };
      return { bytes: joined(records), endsAt: session?.endsAt ?? notes?.endsAt };
    },
    insert: (key, after, call) => change(key, NEITHER, after, call),
    replace: (key, before, after, call) => change(key, parted(before), after, call),
    async remove(key, before, call) {
      const records = before === undefined ? undefined : parted(before);
      const notes = records?.notifications;
      const isAlone = records !== undefined && records.session === undefined;
      if (isAlone) return notifications.remove(key, notes, call);
      const isRemoved = await sessions.remove(key, records?.session, call);
      if (records !== undefined && !isRemoved) return false;
      return (await notifications.remove(key, undefined, call)) || isRemoved;
    },
    async prepare(call) {
      await sessions.prepare?.(call);
      await notifications.prepare?.(call);
    },
  };

  async function change(
    key: string,
    before: TwoRecords,
    after: Row,
    call: StoreCall,
  ): Promise<boolean> {
    const { session, notifications: notes } = parted(after.bytes);
    const { endsAt } = after;
    const isNoted = await changed(notifications, key, before.notifications, notes, endsAt, call);
    return isNoted && changed(sessions, key, before.session, session, endsAt, call);
  }
}

const NEITHER: TwoRecords = { session: undefined, notifications: undefined };

async function changed(
  rows: ForeignRows,
  key: string,
  before: Uint8Array | undefined,
  bytes: Uint8Array | undefined,
  endsAt: Row["endsAt"],
  call: StoreCall,
): Promise<boolean> {
  if (bytes === undefined) return true;
  if (before === undefined) return rows.insert(key, { bytes, endsAt }, call);
  if (Buffer.compare(before, bytes) === 0) return true;
  return rows.replace(key, before, { bytes, endsAt }, call);
}
