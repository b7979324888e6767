import type { Announcer } from "../../core/announcer.ts";
import type { StoreOperation } from "../../core/errors.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";
import type { Directory, ScanPage } from "../../core/store.ts";
import { tombstoneOf } from "../../core/store-steps.ts";
import type { SessionId } from "../../core/token.ts";
import { removeAllExpired } from "./expiry.ts";
import { Generations } from "./generations.ts";
import type { Shelf } from "./shelf.ts";

/** The directory of a memory store that remembers the generations of at most `maxUsers`. */
export function memoryDirectory(
  opened: (operation: StoreOperation) => Shelf,
  maxUsers: number,
  announcer: Announcer,
): Directory {
  const generations = new Generations(maxUsers);
  return {
    async generation(user, { now }) {
      opened("generation");
      return generations.of(user, now);
    },
    async raiseGeneration(user, { now }, keepUntil) {
      opened("raiseGeneration");
      return generations.raise(user, now, keepUntil);
    },
    async list({ manager, userId }, { now }) {
      const records = opened("list").recordsOf(manager, userId, now);
      return records.sort((one, other) => other.lastSeenAt - one.lastSeenAt);
    },
    async endAll({ manager, userId }, end, { now }) {
      const shelf = opened("endAll");
      const ended = shelf.recordsOf(manager, userId, now).filter(({ id }) => id !== end.except);
      for (const record of ended) {
        shelf.putOver(tombstoneOf(record.id, record, end), undefined, now);
      }
      const ids = ended.map(({ id }) => id);
      announcer.tell(ids);
      return ids;
    },
    async forget({ manager, userId }, { now }) {
      return opened("forget").removeExpiredOf(manager, userId, now, MOST_FORGOTTEN);
    },
    async scan(page, { now }) {
      return firstAfter(opened("scan"), page, now);
    },
    async count(manager, call) {
      await removeAllExpired(() => opened("count"), call);
      return opened("count").sizeOf(manager);
    },
  };
}

/** Some milliseconds' work, before others have their turn. */
const MOST_FORGOTTEN = 5_000;

/** Beyond this many pages' worth of candidates, those that cannot be on the page are let go. */
const MAX_PAGES_HELD = 4;

// Looks at every id and sorts a small part: 5 ms for 100,000 records, and no index to keep.
function firstAfter(
  shelf: Shelf,
  { manager, after, limit }: ScanPage,
  now: EpochMs,
): readonly SessionRecord[] {
  let ids: SessionId[] = [];
  let last: SessionId | undefined;
  for (const id of shelf.ids(manager, now)) {
    if (after !== undefined && id <= after) continue;
    if (last !== undefined && id > last) continue;
    ids.push(id);
    if (ids.length < MAX_PAGES_HELD * limit) continue;
    ids = ids.sort().slice(0, limit);
    last = ids.at(-1);
  }
  const page = ids.sort().slice(0, limit);
  return page.map((id) => shelf.find(id, now)).filter((stored) => stored?.kind === "live");
}
