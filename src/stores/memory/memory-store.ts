import { Announcer } from "../../core/announcer.ts";
import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import type {
  Announcements,
  Directory,
  EndOutcome,
  Expiry,
  Seen,
  SessionStore,
  StoreCall,
  StoreProfile,
  UpdateOutcome,
} from "../../core/store.ts";
import { missed } from "../../core/store-steps.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import { memoryDirectory } from "./directory.ts";
import { memoryExpiry } from "./expiry.ts";
import { type Bounds, Shelf } from "./shelf.ts";

const PROFILE: StoreProfile = {
  scope: "process",
  durability: "process",
  readYourWrites: "always",
  eviction: "anonymous-first",
  caveats: [
    "A restart signs everybody out.",
    "A second process, such as a cluster worker, has sessions of its own.",
  ],
};

const UPDATED: UpdateOutcome = { kind: "updated" };

/** Sessions in this process. No method awaits between its check and its write. */
export class MemoryStore implements Required<SessionStore> {
  readonly profile: StoreProfile = PROFILE;
  readonly directory: Directory;
  readonly expiry: Expiry;
  readonly announcements: Announcements;
  readonly #announcer = new Announcer();
  #shelf: Shelf | undefined;

  constructor(bounds: Bounds) {
    this.#shelf = new Shelf(bounds);
    const opened = (operation: StoreOperation): Shelf => this.#opened(operation);
    this.directory = memoryDirectory(opened, bounds.maxSessions, this.#announcer);
    this.expiry = memoryExpiry(opened);
    this.announcements = {
      subscribe: async (listener) => {
        opened("subscribe");
        return this.#announcer.subscribe(listener);
      },
    };
  }

  async load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    return this.#opened("load").find(id, call.now);
  }

  async create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    return this.#roomy("create", record).add(record, call.now) ? "created" : "taken";
  }

  async update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    const shelf = this.#roomy("update", record);
    if (shelf.putOver(record, expected, call.now)) return UPDATED;
    return missed(shelf.find(record.id, call.now));
  }

  async end(
    tombstone: Tombstone,
    expected: CommitId | undefined,
    call: StoreCall,
  ): Promise<EndOutcome> {
    const shelf = this.#opened("end");
    if (!shelf.putOver(tombstone, expected, call.now)) {
      return missed(shelf.find(tombstone.id, call.now));
    }
    this.#announcer.tell([tombstone.id]);
    return { kind: "ended" };
  }

  async touch(id: SessionId, seen: Seen, call: StoreCall): Promise<boolean> {
    return this.#opened("touch").see(id, seen, call.now);
  }

  async close(): Promise<void> {
    this.#shelf = undefined;
  }

  #opened(operation: StoreOperation): Shelf {
    if (this.#shelf !== undefined) return this.#shelf;
    throw new StoreError(operation, "failed", "the memory store is closed");
  }

  #roomy(operation: StoreOperation, record: SessionRecord): Shelf {
    const shelf = this.#opened(operation);
    if (shelf.fits(record)) return shelf;
    throw new StoreError(operation, "failed", "the record alone is larger than maxBytes");
  }
}
