import type { SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import type {
  Directory,
  EndAll,
  EndOutcome,
  Expiry,
  ScanPage,
  Seen,
  SessionStore,
  SilentStore,
  StoreCall,
  StoreProfile,
  UpdateOutcome,
  UserKey,
} from "../../core/store.ts";
import type { CommitId, SessionId } from "../../core/token.ts";

/** A call on a store. */
export type StoreMethod = keyof SessionStore | keyof Directory | keyof Expiry;

/** Runs before a call: what it throws or waits for, the call throws or waits for. */
export type Hindrance = (method: StoreMethod) => Promise<void>;

const WRITES: ReadonlySet<StoreMethod> = new Set(["create", "update", "end", "touch"]);

/** Somebody's store, of which every call is counted and may be hindered. */
export class WatchedStore implements SilentStore {
  readonly profile: StoreProfile;
  readonly directory: Directory;
  readonly expiry: Expiry;
  readonly #inner: SilentStore;
  #calls: StoreMethod[] = [];
  #hindrance: Hindrance | undefined;

  constructor(inner: SilentStore) {
    this.#inner = inner;
    this.profile = inner.profile;
    this.directory = this.#watchDirectory(inner.directory);
    this.expiry = {
      intervalMs: inner.expiry.intervalMs,
      // No request's doing: it begins by itself, at a moment that nobody chooses.
      deleteExpired: (call) => inner.expiry.deleteExpired(call),
    };
  }

  /** The calls since the last `forget`, in order. */
  get calls(): readonly StoreMethod[] {
    return this.#calls;
  }

  forget(): void {
    this.#calls = [];
  }

  /** From now on, every call meets this; `undefined` clears the way. */
  hinder(hindrance: Hindrance | undefined): void {
    this.#hindrance = hindrance;
  }

  /** From now on, no call is answered: the store behind has hung. */
  hang(): void {
    this.hinder(() => new Promise(() => undefined));
  }

  /** From now on, every write fails as a driver does. */
  failWrites(): void {
    this.hinder(async (method) => {
      if (WRITES.has(method)) throw new Error("The disk is full");
    });
  }

  /** From now on, every call fails as a driver does. */
  fail(): void {
    this.hinder(async () => {
      throw new Error("The connection was refused");
    });
  }

  /** Stops every write until it is released. `reached` resolves when the first one stands there. */
  holdWrites(): { readonly reached: Promise<void>; release(): void } {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.hinder(async (method) => {
      if (!WRITES.has(method)) return;
      reached.resolve();
      await released.promise;
    });
    return { reached: reached.promise, release: () => released.resolve() };
  }

  load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    return this.#run("load", () => this.#inner.load(id, call));
  }

  create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    return this.#run("create", () => this.#inner.create(record, call));
  }

  update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    return this.#run("update", () => this.#inner.update(record, expected, call));
  }

  end(tombstone: Tombstone, expected: CommitId | undefined, call: StoreCall): Promise<EndOutcome> {
    return this.#run("end", () => this.#inner.end(tombstone, expected, call));
  }

  touch(id: SessionId, seen: Seen, call: StoreCall): Promise<boolean> {
    return this.#run("touch", () => this.#inner.touch(id, seen, call));
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }

  #watchDirectory(inner: Directory): Directory {
    return {
      generation: (user: UserKey, call) =>
        this.#run("generation", () => inner.generation(user, call)),
      raiseGeneration: (user: UserKey, call) =>
        this.#run("raiseGeneration", () => inner.raiseGeneration(user, call)),
      list: (user: UserKey, call) => this.#run("list", () => inner.list(user, call)),
      endAll: (user: UserKey, end: EndAll, call) =>
        this.#run("endAll", () => inner.endAll(user, end, call)),
      scan: (page: ScanPage, call) => this.#run("scan", () => inner.scan(page, call)),
      count: (manager: string, call) => this.#run("count", () => inner.count(manager, call)),
    };
  }

  async #run<T>(method: StoreMethod, call: () => Promise<T>): Promise<T> {
    this.#calls.push(method);
    await this.#hindrance?.(method);
    return call();
  }
}
