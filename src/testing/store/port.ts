import type { SessionStore } from "../../core/store.ts";

/** A store that the suite has opened for one test, with what it may do to it. */
export interface StoreUnderTest {
  readonly store: SessionStore;
  /**
   * Opens another handle on the same data, as another process would have. The suite closes it.
   * Left out, the suite's writers share the one handle.
   */
  readonly sibling?: (() => Promise<SessionStore>) | undefined;
  /**
   * Lets time pass for a store that tells the time by itself. Left out, the suite only moves
   * `now` of its calls.
   */
  readonly advance?: ((ms: number) => Promise<void>) | undefined;
  /**
   * Keeps the store from answering a write, until the returned function is called: a lock that is
   * held, a server that is paused. Left out, the suite does not test how the store waits.
   */
  readonly stall?: (() => Promise<() => Promise<void>>) | undefined;
  /** Undoes `open`, when the test is over. The store may have been closed already. */
  close(): Promise<void>;
}

/** Opens a store. It need not be empty: each test has names and ids of its own. */
export type OpenStore = () => Promise<StoreUnderTest>;
