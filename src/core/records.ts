import { type CommitParts, CommitQueue, type Commits } from "./commit/commit-queue.ts";
import type { Keeper } from "./commit/keeper.ts";
import type { SessionStore } from "./store.ts";

/** Where records are loaded from, and how changes get into them. */
export interface Records {
  readonly keeper: Keeper;
  /** As `keeper`, past any copy of a record that a request brings. */
  readonly origin: Keeper;
  readonly queue: Commits;
}

/** The records of a manager's store. */
export class Home implements Records {
  readonly keeper: Keeper;
  readonly queue: Commits;
  readonly #parts: CommitParts;

  constructor(keeper: Keeper, parts: CommitParts) {
    this.keeper = keeper;
    this.queue = new CommitQueue(keeper, parts);
    this.#parts = parts;
  }

  get origin(): Keeper {
    return this.keeper;
  }

  /** The records of another store, such as those that a request itself has brought. */
  over(store: SessionStore): Records {
    return new Home(this.keeper.over(store), this.#parts);
  }
}
