import type { SessionRecord } from "../../core/record.ts";
import type { Directory, SessionStore } from "../../core/store.ts";
import type { SealedRecords } from "./records.ts";

/** `store` with records sealed on the way in and opened on the way out; all else is its own. */
export function encryptedStore(store: SessionStore, records: SealedRecords): SessionStore {
  const { touch, directory, expiry, announcements, close } = store;
  return {
    profile: store.profile,

    async load(id, call) {
      const stored = await store.load(id, call);
      return stored && records.openStored("load", stored);
    },

    async create(record, call) {
      return store.create(records.seal("create", record), call);
    },

    async update(record, expected, call) {
      const outcome = await store.update(records.seal("update", record), expected, call);
      return outcome.kind === "conflict"
        ? { ...outcome, current: records.open("update", outcome.current) }
        : outcome;
    },

    async end(tombstone, expected, call) {
      const outcome = await store.end(tombstone, expected, call);
      return outcome.kind === "conflict"
        ? { ...outcome, current: records.open("end", outcome.current) }
        : outcome;
    },

    ...(touch && { touch: touch.bind(store) }),
    ...(directory && { directory: encryptedDirectory(directory, records) }),
    ...(expiry && { expiry }),
    ...(announcements && { announcements }),
    ...(close && { close: close.bind(store) }),
  };
}

/** What asks for no record's content goes straight to the store inside. */
function encryptedDirectory(directory: Directory, records: SealedRecords): Directory {
  return {
    generation: (user, call) => directory.generation(user, call),
    raiseGeneration: (user, call, keepUntil) => directory.raiseGeneration(user, call, keepUntil),
    list: async (user, call) =>
      opened("list", (await directory.list(user, call)) as SessionRecord[], records),
    endAll: (user, end, call) => directory.endAll(user, end, call),
    scan: async (page, call) => opened("scan", await directory.scan(page, call), records),
    count: (manager, call) => directory.count(manager, call),
  };
}

function opened(
  operation: "list" | "scan",
  found: readonly SessionRecord[],
  records: SealedRecords,
): readonly SessionRecord[] {
  return found.map((record) => records.open(operation, record));
}
