import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import type {
  Announcements,
  Directory,
  EndAll,
  Expiry,
  SessionStore,
  StoreCall,
  Touch,
  UserKey,
} from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import { freshCommit, recordAt, TOMBSTONE_LIFE_MS, tombstoneAt } from "./fixtures.ts";
import type { StoreUnderTest } from "./port.ts";

/** One test. */
export type Play = (stage: Stage) => Promise<void>;
/** Tells one sentence of the contract, and checks it. */
export type Tell = (sentence: string, play: Play) => void;

const NEVER: AbortSignal = new AbortController().signal;
const READ_INTERVAL_MS = 10;
const READ_PATIENCE_MS = 5_000;

/** A store opened for one test, with a clock and with names that no other test uses. */
export class Stage {
  readonly under: StoreUnderTest;
  readonly store: SessionStore;
  /** The store and its sibling: writers that share nothing but the data. */
  readonly handles: readonly [SessionStore, SessionStore];
  readonly manager: string = `manager-${freshCommit()}`;
  now: number = Date.now();

  constructor(under: StoreUnderTest, sibling: SessionStore) {
    this.under = under;
    this.store = under.store;
    this.handles = [under.store, sibling];
  }

  get call(): StoreCall {
    return { signal: NEVER, now: this.now };
  }

  /** Moves the clock, and the store's own where it has one. */
  async advance(ms: number): Promise<void> {
    this.now += ms;
    await this.under.advance?.(ms);
  }

  record(changes: Partial<SessionRecord> = {}): SessionRecord {
    return recordAt(this.now, { manager: this.manager, ...changes });
  }

  tombstone(
    record: Pick<SessionRecord, "id" | "manager">,
    changes: Partial<Tombstone> = {},
  ): Tombstone {
    return tombstoneAt(this.now, record, changes);
  }

  /** A record that has been created. */
  async created(changes: Partial<SessionRecord> = {}): Promise<SessionRecord> {
    const record = this.record(changes);
    await this.store.create(record, this.call);
    return record;
  }

  /** The tombstone of a record that has been created and ended. */
  async ended(changes: Partial<Tombstone> = {}): Promise<Tombstone> {
    const tombstone = this.tombstone(await this.created(), changes);
    await this.store.end(tombstone, undefined, this.call);
    return tombstone;
  }

  /** Checks what stands under an id, waiting for it where the store may read late. */
  async sees(
    id: SessionId,
    expected: StoredSession | undefined,
    through: SessionStore = this.store,
  ): Promise<void> {
    const found = await this.found(id, (stored) => isDeepStrictEqual(stored, expected), through);
    assert.deepEqual(found, expected);
  }

  /** What stands under an id; where the store may read late, once it is as wanted, if ever. */
  async found(
    id: SessionId,
    isWanted: (stored: StoredSession | undefined) => boolean,
    through: SessionStore = this.store,
  ): Promise<StoredSession | undefined> {
    const isBounded = this.store.profile.readYourWrites === "bounded";
    const until = performance.now() + (isBounded ? READ_PATIENCE_MS : 0);
    let found = await through.load(id, this.call);
    while (!isWanted(found) && performance.now() < until) {
      await pause(READ_INTERVAL_MS);
      found = await through.load(id, this.call);
    }
    return found;
  }

  user(userId: string = `user-${freshCommit()}`): UserKey {
    return { manager: this.manager, userId };
  }

  /** What `endAll` is told. */
  endAll(changes: Partial<EndAll> = {}): EndAll {
    return {
      except: undefined,
      version: freshCommit(),
      reason: "revoked",
      endedAt: this.now,
      expiresAt: this.now + TOMBSTONE_LIFE_MS,
      ...changes,
    };
  }
}

/** A test that has nothing to check where the store cannot touch. */
export function withTouch(play: (stage: Stage, touch: Touch) => Promise<void>): Play {
  return async (stage) => {
    const touch = stage.store.touch?.bind(stage.store);
    if (touch !== undefined) await play(stage, touch);
  };
}

/** A test that has nothing to check where the store cannot find sessions by user. */
export function withDirectory(play: (stage: Stage, directory: Directory) => Promise<void>): Play {
  return async (stage) => {
    const { directory } = stage.store;
    if (directory !== undefined) await play(stage, directory);
  };
}

/** A test that has nothing to check where the backend expires records by itself. */
export function withExpiry(play: (stage: Stage, expiry: Expiry) => Promise<void>): Play {
  return async (stage) => {
    const { expiry } = stage.store;
    if (expiry !== undefined) await play(stage, expiry);
  };
}

/** A test that has nothing to check where nobody is told of ended sessions. */
export function withAnnouncements(
  play: (stage: Stage, announcements: Announcements) => Promise<void>,
): Play {
  return async (stage) => {
    const { announcements } = stage.store;
    if (announcements !== undefined) await play(stage, announcements);
  };
}
