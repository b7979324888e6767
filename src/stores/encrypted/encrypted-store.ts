import type { TokenBoundStore } from "../../core/keychain.ts";
import type {
  Directory,
  EndOutcome,
  SessionStore,
  StoreCall,
  UpdateOutcome,
} from "../../core/store.ts";
import { callInside } from "./call-inside.ts";
import type { SealedRecords } from "./records.ts";

/** `store` with records sealed on the way in and opened on the way out; all else is its own. */
export function encryptedStore(
  store: SessionStore,
  records: SealedRecords,
): SessionStore | TokenBoundStore {
  const { touch, directory, expiry, announcements, close } = store;
  // Secrets are for us, and for nobody further inside.
  const inside = records.areBound ? callInside : (call: StoreCall) => call;
  return {
    get profile() {
      return store.profile;
    },

    async load(id, call) {
      const stored = await store.load(id, inside(call));
      return stored && records.openStored("load", stored, call);
    },

    async create(record, call) {
      return store.create(records.seal("create", record, call), inside(call));
    },

    async update(record, expected, call) {
      const sealed = records.seal("update", record, call);
      return opened("update", await store.update(sealed, expected, inside(call)), records, call);
    },

    async end(tombstone, expected, call) {
      const sealed = records.sealTombstone("end", tombstone);
      return opened("end", await store.end(sealed, expected, inside(call)), records, call);
    },

    ...(touch && { touch: (id, seen, call) => touch.call(store, id, seen, inside(call)) }),
    ...(directory && { directory: encryptedDirectory(directory, records, inside) }),
    ...(expiry && { expiry }),
    ...(announcements && { announcements }),
    ...(close && { close: close.bind(store) }),
    ...(records.areBound && { takesSecrets: true }),
  };
}

/** What a write met, opened. */
function opened<Outcome extends UpdateOutcome | EndOutcome>(
  operation: "update" | "end",
  outcome: Outcome,
  records: SealedRecords,
  call: StoreCall,
): Outcome {
  if (outcome.kind === "conflict") {
    return { ...outcome, current: records.open(operation, outcome.current, call) };
  }
  if (outcome.kind !== "gone" || outcome.tombstone === undefined) return outcome;
  return { ...outcome, tombstone: records.openTombstone(operation, outcome.tombstone) };
}

/**
 * What asks for no record's content goes straight to the store inside. A list and a scan do not end
 * at a record that does not open: there are others behind it.
 */
function encryptedDirectory(
  directory: Directory,
  records: SealedRecords,
  inside: (call: StoreCall) => StoreCall,
): Directory {
  const forget = directory.forget?.bind(directory);
  return {
    generation: (user, call) => directory.generation(user, inside(call)),
    raiseGeneration: (user, call, keepUntil) =>
      directory.raiseGeneration(user, inside(call), keepUntil),
    async list(user, call) {
      const found = await directory.list(user, inside(call));
      return found.map((facts) => records.openFacts("list", facts));
    },
    // Notes are sealed to one tombstone each, and these would be all the same.
    endAll: (user, end, call) => directory.endAll(user, { ...end, notes: undefined }, inside(call)),
    ...(forget && { forget: (user, call) => forget(user, inside(call)) }),
    async scan(page, call) {
      const found = await directory.scan(page, inside(call));
      return found.map((record) => records.open("scan", record, call, "unreadable"));
    },
    count: (manager, call) => directory.count(manager, inside(call)),
  };
}
