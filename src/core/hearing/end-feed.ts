import type { Keeper } from "../commit/keeper.ts";
import { Deadline } from "../deadline.ts";
import type { EpochMs } from "../record.ts";
import type { Announcements, EndListener, StoreCall } from "../store.ts";
import type { SessionId } from "../token.ts";

/** Stops what was begun. */
export type Stop = () => Promise<void>;

/** What an {@link EndFeed} is made of. */
export interface FeedParts {
  readonly keeper: Keeper;
  readonly storeTimeoutMs: number;
  readonly now: () => EpochMs;
}

/** For so long a subscription stays whose last waker is gone: the next one is often near. */
const LINGER_MS = 30_000;

/**
 * What the store announces, for all in this process who want to hear of it: one subscription of the
 * manager, however many they are. It begins with the first of them and ends with the last.
 */
export class EndFeed {
  readonly #parts: FeedParts;
  readonly #listeners = new Set<EndListener>();
  readonly #wakers = new Map<SessionId, Set<() => void>>();
  readonly #closers = new Set<() => Promise<void>>();
  #subscription: Promise<Stop> | undefined;
  #lingering: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** Whether the store announces ends at all. */
  get announces(): boolean {
    return this.#announcements !== undefined;
  }

  /** Whether nobody hears anything any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Resolves once `listener` is told of every end, to the function that stops it; to `undefined`
   * where the store announces nothing.
   *
   * @throws {@link StoreError} if the store cannot be listened to.
   */
  async hear(listener: EndListener): Promise<Stop | undefined> {
    const announcements = this.#announcements;
    if (announcements === undefined) return undefined;
    this.#listeners.add(listener);
    const stop = async (): Promise<void> => {
      if (this.#listeners.delete(listener) && this.#isIdle) await this.#hangUp();
    };
    await this.#subscribed(announcements, stop);
    return stop;
  }

  /**
   * As {@link hear}, for one id: `wake` is called when it may have ended, as it was announced or as
   * an announcement may have been missed. It must not throw.
   */
  async listen(id: SessionId, wake: () => void): Promise<(() => void) | undefined> {
    const announcements = this.#announcements;
    if (announcements === undefined) return undefined;
    const wakers = this.#wakers.get(id) ?? new Set();
    this.#wakers.set(id, wakers);
    // Wrapped, as one function may listen twice.
    const entry = (): void => wake();
    wakers.add(entry);
    const stop = (): void => {
      if (!wakers.delete(entry)) return;
      if (wakers.size === 0 && this.#wakers.get(id) === wakers) this.#wakers.delete(id);
      if (this.#isIdle) this.#linger();
    };
    await this.#subscribed(announcements, stop);
    return stop;
  }

  /** Has something closed along with this. Returns the function that takes that back. */
  onClose(close: () => Promise<void>): () => void {
    this.#closers.add(close);
    return () => void this.#closers.delete(close);
  }

  /** Tells nobody any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#closers].map((close) => close()));
    this.#listeners.clear();
    this.#wakers.clear();
    await this.#hangUp();
  }

  get #announcements(): Announcements | undefined {
    return this.#parts.keeper.store.announcements;
  }

  get #isIdle(): boolean {
    return this.#listeners.size === 0 && this.#wakers.size === 0;
  }

  async #subscribed(announcements: Announcements, stop: () => unknown): Promise<void> {
    clearTimeout(this.#lingering);
    this.#subscription ??= this.#subscribe(announcements);
    const current = this.#subscription;
    try {
      await current;
    } catch (error) {
      // The next one tries again.
      if (this.#subscription === current) this.#subscription = undefined;
      stop();
      throw error;
    }
    if (this.#isClosed) await this.#hangUp();
  }

  async #subscribe(announcements: Announcements): Promise<Stop> {
    const { keeper, storeTimeoutMs, now } = this.#parts;
    let isLate = false;
    const begin = (call: StoreCall): Promise<Stop> => {
      const begun = announcements.subscribe(this.#ear(), call);
      // One that comes too late is stopped again.
      begun.then((stop) => (isLate ? stop() : undefined)).catch(ignore);
      return begun;
    };
    try {
      return await keeper.read("subscribe", new Deadline(storeTimeoutMs, now()), begin);
    } catch (error) {
      isLate = true;
      throw error;
    }
  }

  #ear(): EndListener {
    return {
      onEnded: (ids) => {
        for (const listener of this.#listeners) listener.onEnded(ids);
        if (this.#wakers.size === 0) return;
        for (const id of ids) wakeAll(this.#wakers.get(id));
      },
      onGap: () => {
        for (const listener of this.#listeners) listener.onGap();
        for (const wakers of [...this.#wakers.values()]) wakeAll(wakers);
      },
    };
  }

  #linger(): void {
    clearTimeout(this.#lingering);
    this.#lingering = setTimeout(() => {
      if (this.#isIdle) void this.#hangUp();
    }, LINGER_MS);
    // The web's timers are numbers.
    this.#lingering.unref?.();
  }

  async #hangUp(): Promise<void> {
    clearTimeout(this.#lingering);
    const current = this.#subscription;
    this.#subscription = undefined;
    // If it failed, there is nothing to stop; what does not stop is the store's to close.
    const stop = await current?.catch(ignore);
    await stop?.().catch(ignore);
  }
}

function wakeAll(wakers: ReadonlySet<() => void> | undefined): void {
  for (const wake of [...(wakers ?? [])]) wake();
}

function ignore(): undefined {}
