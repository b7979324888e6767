import type { Directory, EndOutcome, SessionStore, UpdateOutcome } from "../../core/store.ts";
import type { SealedRecords } from "./records.ts";

/** `store` with records sealed on the way in and opened on the way out; all else is its own. */
export function encryptedStore(store: SessionStore, records: SealedRecords): SessionStore {
  const { touch, directory, expiry, announcements, close } = store;
  return {
    get profile() {
      return store.profile;
    },

    async load(id, call) {
      const stored = await store.load(id, call);
      return stored && records.openStored("load", stored);
    },

    async create(record, call) {
      return store.create(records.seal("create", record), call);
    },

    async update(record, expected, call) {
      const outcome = await store.update(records.seal("update", record), expected, call);
      return opened("update", outcome, records);
    },

    async end(tombstone, expected, call) {
      const sealed = records.sealTombstone("end", tombstone);
      return opened("end", await store.end(sealed, expected, call), records);
    },

    ...(touch && { touch: touch.bind(store) }),
    ...(directory && { directory: encryptedDirectory(directory, records) }),
    ...(expiry && { expiry }),
    ...(announcements && { announcements }),
    ...(close && { close: close.bind(store) }),
  };
}

/** What a write met, opened. */
function opened<Outcome extends UpdateOutcome | EndOutcome>(
  operation: "update" | "end",
  outcome: Outcome,
  records: SealedRecords,
): Outcome {
  if (outcome.kind === "conflict") {
    return { ...outcome, current: records.open(operation, outcome.current) };
  }
  if (outcome.kind !== "gone" || outcome.tombstone === undefined) return outcome;
  return { ...outcome, tombstone: records.openTombstone(operation, outcome.tombstone) };
}

/**
 * What asks for no record's content goes straight to the store inside. A list and a scan do not end
 * at a record that does not open: there are others behind it.
 */
function encryptedDirectory(directory: Directory, records: SealedRecords): Directory {
  const forget = directory.forget?.bind(directory);
  return {
    generation: (user, call) => directory.generation(user, call),
    raiseGeneration: (user, call, keepUntil) => directory.raiseGeneration(user, call, keepUntil),
    async list(user, call) {
      const found = await directory.list(user, call);
      return found.map((facts) => records.openFacts("list", facts));
    },
    // Notes are sealed to one tombstone each, and these would be all the same.
    endAll: (user, end, call) => directory.endAll(user, { ...end, notes: undefined }, call),
    ...(forget && { forget }),
    async scan(page, call) {
      const found = await directory.scan(page, call);
      return found.map((record) => records.open("scan", record, "unreadable"));
    },
    count: (manager, call) => directory.count(manager, call),
  };
}
