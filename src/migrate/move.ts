import { StoreError } from "../core/errors.ts";
import { remembers, type SessionRecord, UNREADABLE_DATA } from "../core/record.ts";
import type { Directory, StoreCall } from "../core/store.ts";
import type { SessionId } from "../core/token.ts";
import { finish, type MoveOutcome, moveOne, type Route } from "./move-one.ts";
import type { MoveProgress, MoveResult, MoveSettings } from "./options.ts";
import { parcelsOf } from "./parcel.ts";

const PAGE = 200;
/** What is created in the old store during a pass, or busy in it, has its turn in the next one. */
const MAX_PASSES = 5;
/** After a lost answer the state of the session tells where to go on. */
const MAX_TRIES = 3;

/** One run of a move. */
export class Move {
  readonly #route: Route;
  readonly #settings: MoveSettings;
  #total = 0;
  #moved = 0;
  #verified = 0;
  #ended = 0;
  #missing = 0;
  /** Each once, however many passes meet it. */
  readonly #unreadable = new Set<SessionId>();

  constructor(route: Route, settings: MoveSettings) {
    this.#route = route;
    this.#settings = settings;
  }

  async run(): Promise<MoveResult> {
    const { managers } = this.#settings;
    this.#total = await this.#left();
    for (const manager of managers) {
      // What a crashed run left over counts neither here nor there until it is finished.
      await this.#finishParcels(manager);
      for (let passes = 0; passes < MAX_PASSES; passes += 1) {
        if ((await this.#pass(manager)) === 0) break;
      }
      await this.#finishParcels(manager);
    }
    const left = await this.#left();
    const isComplete = left === 0 && this.#missing === 0;
    const unreadable = this.#unreadable.size;
    return { ...this.#progress(), left, unreadable, missing: this.#missing, isComplete };
  }

  /** Moves what the old store has, and resolves to how many sessions it found to move. */
  async #pass(manager: string): Promise<number> {
    let found = 0;
    for await (const all of this.#pages(this.#route.from.directory, manager)) {
      const page = all.filter(({ id }) => !this.#unreadable.has(id));
      found += page.length;
      await this.#each(page, async (record) => this.#count(record, await this.#movedOne(record)));
      this.#settings.onProgress(this.#progress());
    }
    return found;
  }

  async #count(record: SessionRecord, outcome: MoveOutcome | "unreadable"): Promise<void> {
    if (outcome === "busy") return;
    if (outcome === "unreadable") {
      this.#unreadable.add(record.id);
      return;
    }
    if (outcome === "ended") {
      this.#ended += 1;
      return;
    }
    this.#moved += 1;
    if (await this.#isThere(record)) this.#verified += 1;
    else this.#missing += 1;
  }

  /** Whether the new store has the session as it was found, as it became since, or ended. */
  async #isThere(record: SessionRecord): Promise<boolean> {
    const stored = await this.#within((call) => this.#route.to.load(record.id, call));
    if (stored === undefined) return record.expiresAt <= this.#settings.now();
    if (stored.kind === "ended" || remembers(stored, record.version)) return true;
    // It has been written to more often than a record remembers.
    return stored.lastSeenAt >= record.lastSeenAt;
  }

  async #movedOne({ id, data }: SessionRecord): Promise<MoveOutcome | "unreadable"> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#within((call) => moveOne(this.#route, id, call));
      } catch (error) {
        // The scan has said so already: it is not the store that fails.
        if (data === UNREADABLE_DATA && error instanceof StoreError) return "unreadable";
        if (tries === MAX_TRIES || this.#settings.signal.aborted) throw error;
      }
    }
  }

  async #finishParcels(manager: string): Promise<void> {
    for await (const page of this.#pages(this.#route.to.directory, parcelsOf(manager))) {
      await this.#each(page, async (parcel) => {
        if (!(await this.#within((call) => finish(this.#route, parcel, call)))) return;
        this.#moved += 1;
        this.#verified += 1;
      });
    }
  }

  async *#pages(
    directory: Directory,
    manager: string,
  ): AsyncGenerator<readonly SessionRecord[], void> {
    let after: SessionId | undefined;
    for (;;) {
      this.#settings.signal.throwIfAborted();
      const wanted = { manager, after, limit: PAGE };
      const page = await this.#within((call) => directory.scan(wanted, call));
      after = page.at(-1)?.id;
      if (after === undefined) return;
      yield page;
    }
  }

  /** So many at a time; the first failure stops the others after their present session. */
  async #each(
    records: readonly SessionRecord[],
    work: (record: SessionRecord) => Promise<void>,
  ): Promise<void> {
    const { signal, concurrency } = this.#settings;
    const queue = records.values();
    let hasFailed = false;
    const worker = async (): Promise<void> => {
      for (const record of queue) {
        if (hasFailed) return;
        signal.throwIfAborted();
        await work(record);
      }
    };
    const workers = Array.from({ length: concurrency }, () =>
      worker().catch((error: unknown) => {
        hasFailed = true;
        throw error;
      }),
    );
    const outcomes = await Promise.allSettled(workers);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  async #left(): Promise<number> {
    let left = 0;
    for (const manager of this.#settings.managers) {
      left += await this.#within((call) => this.#route.from.directory.count(manager, call));
    }
    return left;
  }

  /** A run that is told to stop lets what is under way come to its end, or to this deadline. */
  #within<T>(work: (call: StoreCall) => Promise<T>): Promise<T> {
    const { now, timeoutMs } = this.#settings;
    const controller = new AbortController();
    return new Promise<T>((resolve, reject) => {
      const late = setTimeout(() => {
        const failure = new Error(`The stores did not answer within ${timeoutMs} ms (timeout).`);
        controller.abort(failure);
        reject(failure);
      }, timeoutMs);
      work({ now: now(), signal: controller.signal })
        .finally(() => clearTimeout(late))
        .then(resolve, reject);
    });
  }

  #progress(): MoveProgress {
    const [total, moved] = [this.#total, this.#moved];
    return { total, moved, verified: this.#verified, ended: this.#ended };
  }
}
