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
  Touch,
  UpdateOutcome,
} from "../../core/store.ts";
import { touched } from "../../core/store-steps.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import { EndSubscription, layeredAnnouncements } from "./announcements.ts";
import { hasFailed, layeredDirectory } from "./directory.ts";
import type { Near, Sight } from "./near.ts";
import { type Aftermath, knownOf, type Trust, type Writing } from "./trust.ts";

/** What a layered store is made of. */
export interface Layers {
  readonly profile: () => StoreProfile;
  readonly near: Near;
  readonly origin: SessionStore;
  readonly trust: Trust;
}

/** What a write has shown: what stands there now, and what follows for near. */
interface Lesson extends Aftermath {
  readonly stored: StoredSession | undefined;
}

/** Origin decides everything; near saves loads, as far as it is to be believed. */
export class LayeredStore implements SessionStore {
  readonly touch?: Touch;
  readonly directory?: Directory;
  readonly expiry?: Expiry;
  readonly announcements?: Announcements;
  readonly #profile: () => StoreProfile;
  readonly #near: Near;
  readonly #origin: SessionStore;
  readonly #trust: Trust;
  readonly #subscription: EndSubscription;
  #isClosed = false;

  constructor({ profile, near, origin, trust }: Layers) {
    this.#profile = profile;
    this.#near = near;
    this.#origin = origin;
    this.#trust = trust;
    this.#subscription = new EndSubscription(origin.announcements, trust);
    const { touch, directory, expiry, announcements } = origin;
    const requireOpen = (operation: StoreOperation): void => this.#requireOpen(operation);
    if (touch !== undefined) {
      const touchOrigin = touch.bind(origin);
      this.touch = (id, seen, call) => this.#touch(touchOrigin, id, seen, call);
    }
    if (directory !== undefined) {
      this.directory = layeredDirectory(directory, { near, trust }, requireOpen);
    }
    if (expiry !== undefined) this.expiry = guardedExpiry(expiry, requireOpen);
    if (announcements !== undefined) {
      const requireOpenToSubscribe = (): void => requireOpen("subscribe");
      this.announcements = layeredAnnouncements(announcements, trust, requireOpenToSubscribe);
    }
  }

  get profile(): StoreProfile {
    return this.#profile();
  }

  async load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    this.#requireOpen("load");
    this.#subscription.begin(call.now);
    this.#near.tidy(call.now);
    if (!this.#trust.mayAsk(id)) return this.#origin.load(id, call);
    if (call.isFresh === true) return this.#loadAnew(id, undefined, call);
    const sight = await this.#near.look(id, call.now);
    const { entry } = sight;
    if (entry !== undefined && this.#trust.believes(id, entry, call.now)) return entry.stored;
    return this.#loadAnew(id, sight, call);
  }

  create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    return this.#write("create", record.id, call, {
      send: () => this.#origin.create(record, call),
      learn: (outcome) => (outcome === "created" ? settled(record) : this.#shown(record.id)),
    });
  }

  update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    return this.#write<UpdateOutcome>("update", record.id, call, {
      send: () => this.#origin.update(record, expected, call),
      learn: (outcome) => {
        if (outcome.kind === "updated") return settled(record);
        if (outcome.kind === "gone") return settled(outcome.tombstone);
        return this.#shown(record.id, outcome.current);
      },
    });
  }

  end(tombstone: Tombstone, expected: CommitId | undefined, call: StoreCall): Promise<EndOutcome> {
    return this.#write<EndOutcome>("end", tombstone.id, call, {
      send: () => this.#origin.end(tombstone, expected, call),
      learn: (outcome) => {
        if (outcome.kind === "ended") return settled(tombstone);
        if (outcome.kind === "gone") return settled(outcome.tombstone);
        return this.#shown(tombstone.id, outcome.current);
      },
    });
  }

  /** Closes both layers, as far as they have opened something themselves. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const closing = [this.#subscription.close(), this.#near.close(), this.#origin.close?.()];
    const [, , ofOrigin] = await Promise.allSettled(closing);
    if (ofOrigin?.status === "rejected") throw ofOrigin.reason;
  }

  /**
   * Asks origin, and fills near if nothing has happened to the session meanwhile. `sight` is left out
   * where nobody has looked what stands in near.
   */
  async #loadAnew(
    id: SessionId,
    sight: Sight | undefined,
    call: StoreCall,
  ): Promise<StoredSession | undefined> {
    const filling = this.#trust.filling(call.now);
    const stored = await this.#origin.load(id, call);
    if (this.#trust.stands(id, filling, stored)) {
      const entry = { ...filling, stored };
      // Nobody waits for either, and they never reject.
      if (sight === undefined) void this.#near.overwrite(id, entry, call.now);
      else void this.#near.fill(id, entry, sight, call.now);
    }
    return stored;
  }

  /** Sends a write to origin, and tells near before the call resolves. */
  async #write<T>(
    operation: StoreOperation,
    id: SessionId,
    call: StoreCall,
    { send, learn }: Write<T>,
  ): Promise<T> {
    this.#requireOpen(operation);
    this.#subscription.begin(call.now);
    const writing = this.#trust.begin(id);
    const { filledAt, tickMs } = this.#trust.filling(call.now);
    const outcome = await this.#sent(writing, send, IN_DOUBT);
    const { stored, ...aftermath } = learn(outcome);
    const isLatest = this.#trust.finish(writing, aftermath, stored);
    // Nothing comes after an end.
    const isSure = isLatest || stored?.kind === "ended";
    const entry = { ...this.#trust.filling(filledAt), tickMs, stored: isSure ? stored : undefined };
    await this.#near.overwrite(id, entry, call.now);
    return outcome;
  }

  /** What near has moves along, if it is to be believed, and becomes no younger by it. */
  async #touch(touch: Touch, id: SessionId, seen: Seen, call: StoreCall): Promise<boolean> {
    this.#requireOpen("touch");
    const sight = this.#trust.mayAsk(id) ? await this.#near.look(id, call.now) : undefined;
    const entry = sight?.entry;
    const isBelieved = entry !== undefined && this.#trust.believes(id, entry, call.now);
    const writing = this.#trust.begin(id);
    const isTouched = await this.#sent(writing, () => touch(id, seen, call), UNKNOWN);
    const aftermath = isTouched ? this.#trust.afterTouch(id, seen) : UNKNOWN;
    const isLatest = this.#trust.finish(writing, aftermath, entry?.stored);
    const mayMove = isTouched && isBelieved && isLatest;
    if (mayMove && sight !== undefined && entry.stored?.kind === "live") {
      const moved = { ...this.#trust.renewed(entry), stored: touched(entry.stored, seen) };
      await this.#near.fill(id, moved, sight, call.now);
    }
    return isTouched;
  }

  /** The answer of origin. Where it is lost, `doubt` remains. */
  async #sent<T>(writing: Writing, send: () => Promise<T>, doubt: Aftermath): Promise<T> {
    try {
      return await send();
    } catch (error) {
      if (hasFailed(error)) this.#trust.cancel(writing);
      else this.#trust.finish(writing, doubt);
      throw error;
    }
  }

  #shown(id: SessionId, current?: SessionRecord): Lesson {
    return { stored: current, ...this.#trust.afterRefusal(id, current) };
  }

  #requireOpen(operation: StoreOperation): void {
    if (!this.#isClosed) return;
    throw new StoreError(operation, "failed", "the layered store is closed");
  }
}

interface Write<T> {
  readonly send: () => Promise<T>;
  readonly learn: (outcome: T) => Lesson;
}

const UNKNOWN: Aftermath = { known: undefined, isOpen: false };
const IN_DOUBT: Aftermath = { known: undefined, isOpen: true };

/** Origin has said what stands there: no write before it is in doubt any more. */
function settled(stored: StoredSession | undefined): Lesson {
  return { stored, known: knownOf(stored), isOpen: false };
}

function guardedExpiry(expiry: Expiry, requireOpen: (operation: StoreOperation) => void): Expiry {
  return {
    intervalMs: expiry.intervalMs,
    async deleteExpired(call) {
      requireOpen("deleteExpired");
      return expiry.deleteExpired(call);
    },
  };
}
