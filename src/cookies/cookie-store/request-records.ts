import { predecessorOf } from "../../core/notes.ts";
import type { SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import type {
  Directory,
  EndOutcome,
  Seen,
  SessionStore,
  StoreCall,
  UpdateOutcome,
} from "../../core/store.ts";
import { type CommitId, endedId, type SessionId } from "../../core/token.ts";
import { type Payload, written } from "./payload.ts";
import { COOKIE_PROFILE } from "./profile.ts";
import type { Revocations } from "./revocations.ts";
import { cookiesFor, type Room } from "./size.ts";

/** A record of this request, and what is known of it beside. */
export class Held {
  readonly stored: StoredSession;
  /** Whether the visitor was ever to be remembered in this session. */
  readonly wasPersistent: boolean;
  /** As it came; `undefined` for a record that was made here, and that nobody else has seen. */
  readonly payload: Payload | undefined;
  /** How many cookies it takes, where that was counted. */
  readonly count: number | undefined;

  constructor(
    stored: StoredSession,
    wasPersistent: boolean,
    payload: Payload | undefined,
    count?: number,
  ) {
    this.stored = stored;
    this.wasPersistent = wasPersistent;
    this.payload = payload;
    this.count = count;
  }
}

/**
 * The records of one request: what its cookies brought, and what it makes of them. For the engine
 * it is a store like any other; the carrier sends what stands in it when the response leaves.
 */
export class RequestRecords implements SessionStore {
  readonly profile: SessionStore["profile"] = COOKIE_PROFILE;
  readonly directory?: Directory;
  readonly #revocations: Revocations | undefined;
  readonly #room: Room;
  readonly #held = new Map<SessionId, Held>();
  /** The cookie whose session was given a new token elsewhere: an ending follows it there. */
  #lead: Payload | undefined;
  /** The session whose idle clock was moved. */
  touched: SessionId | undefined;

  constructor(revocations: Revocations | undefined, room: Room) {
    this.#revocations = revocations;
    this.#room = room;
    if (revocations?.store.directory !== undefined) this.directory = this.#directoryOf(revocations);
  }

  /** Takes in what a cookie brought. Of several copies of one session the first one counts. */
  arrive(payload: Payload): void {
    const { record, wasPersistent } = payload;
    if (this.#held.has(record.id)) return;
    this.#held.set(record.id, new Held(record, wasPersistent, payload));
  }

  /** What is held under an id, without asking whether it has ended elsewhere. */
  held(id: SessionId): Held | undefined {
    return this.#held.get(id);
  }

  async load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    const held = this.#held.get(id);
    if (held === undefined) return this.#elsewhere(id, call);
    return (await this.#endedElsewhere(held, call)) ?? held.stored;
  }

  async create(record: SessionRecord): Promise<"created" | "taken"> {
    if (this.#held.has(record.id)) return "taken";
    this.#held.set(record.id, this.#counted(record, record.persistent, undefined));
    return "created";
  }

  async update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    const held = this.#held.get(record.id);
    if (held === undefined) return GONE;
    const { stored } = held;
    if (stored.kind === "ended") return { kind: "gone", tombstone: stored };
    if (stored.version !== expected) return { kind: "conflict", current: stored };
    const wasPersistent = held.wasPersistent || record.persistent;
    const newest = this.#counted(record, wasPersistent, held.payload);
    // Sent, it would take the place of the cookie of whoever has signed in or out meanwhile.
    const tombstone = await this.#endedElsewhere(held, call);
    if (tombstone !== undefined) return { kind: "gone", tombstone };
    this.#held.set(record.id, newest);
    return { kind: "updated" };
  }

  async end(
    tombstone: Tombstone,
    expected: CommitId | undefined,
    call: StoreCall,
  ): Promise<EndOutcome> {
    const held = this.#held.get(tombstone.id);
    if (held === undefined) return this.#endElsewhere(tombstone, call);
    const { stored, payload } = held;
    if (stored.kind === "ended") return { kind: "gone", tombstone: stored };
    if (expected !== undefined && stored.version !== expected) {
      return { kind: "conflict", current: stored };
    }
    const earlier = payload && (await this.#remember(tombstone, payload, call));
    this.#held.set(tombstone.id, new Held(earlier ?? tombstone, held.wasPersistent, payload));
    return earlier === undefined ? { kind: "ended" } : { kind: "gone", tombstone: earlier };
  }

  async touch(id: SessionId, { lastSeenAt, expiresAt }: Seen, call: StoreCall): Promise<boolean> {
    const held = this.#held.get(id);
    if (held?.stored.kind !== "live") return false;
    if (lastSeenAt <= held.stored.lastSeenAt) return true;
    // Only this touch sends the data too.
    const isResent = held.payload?.isCurrent === false;
    if (isResent && (await this.#endedElsewhere(held, call)) !== undefined) return false;
    const seen = { ...held.stored, lastSeenAt, expiresAt };
    this.#held.set(id, new Held(seen, held.wasPersistent, held.payload));
    this.touched = id;
    return true;
  }

  /** @throws {@link CookieTooLargeError} if there is no room for it. */
  #counted(record: SessionRecord, wasPersistent: boolean, payload: Payload | undefined): Held {
    const text = written(undefined, record, wasPersistent);
    return new Held(record, wasPersistent, payload, cookiesFor(text, record, this.#room));
  }

  /** The session that took over from one which no cookie of this request has. */
  #heirOf(id: SessionId): Payload | undefined {
    for (const { payload } of this.#held.values()) {
      if (payload !== undefined && predecessorOf(payload.record) === id) return payload;
    }
    return undefined;
  }

  async #predecessor(
    id: SessionId,
    heir: SessionRecord,
    revocations: Revocations,
    call: StoreCall,
  ): Promise<StoredSession> {
    for (const userId of usersBefore(heir)) {
      const place = endedId(id, userId, heir.manager);
      const ended = await revocations.find(id, place, call);
      if (ended !== undefined) return ended;
    }
    return { ...heir, id, notes: undefined };
  }

  async #endPredecessor(
    tombstone: Tombstone,
    heir: Payload,
    revocations: Revocations,
    call: StoreCall,
  ): Promise<EndOutcome> {
    for (const userId of usersBefore(heir.record)) {
      await revocations.add({ ...tombstone, userId }, heir, call);
    }
    return { kind: "ended" };
  }

  /** What was made here, or has ended here, is known without asking. */
  async #endedElsewhere(
    { stored, payload }: Held,
    call: StoreCall,
  ): Promise<Tombstone | undefined> {
    if (payload === undefined || stored.kind === "ended") return undefined;
    return this.#seen(await this.#revocations?.endOf(payload.record, call), payload);
  }

  #seen(ended: Tombstone | undefined, payload: Payload): Tombstone | undefined {
    if (ended?.next !== undefined) this.#lead = payload;
    return ended;
  }

  /** A session whose cookie is not in this request: as long as nobody knows of an end, it is live. */
  async #elsewhere(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    const [heir, lead, revocations] = [this.#heirOf(id), this.#lead, this.#revocations];
    if (revocations === undefined) return undefined;
    if (heir !== undefined) return this.#predecessor(id, heir.record, revocations, call);
    if (lead === undefined) return undefined;
    return (await this.#found(id, lead, revocations, call)) ?? { ...lead.record, id };
  }

  async #endElsewhere(tombstone: Tombstone, call: StoreCall): Promise<EndOutcome> {
    const [heir, lead, revocations] = [this.#heirOf(tombstone.id), this.#lead, this.#revocations];
    if (revocations === undefined) return GONE;
    if (heir !== undefined) return this.#endPredecessor(tombstone, heir, revocations, call);
    if (lead === undefined) return GONE;
    // It may have asked to be remembered since.
    const earlier = await this.#remember(tombstone, lead.asPersistent(), call);
    return earlier === undefined ? { kind: "ended" } : { kind: "gone", tombstone: earlier };
  }

  async #found(
    id: SessionId,
    payload: Payload,
    revocations: Revocations,
    call: StoreCall,
  ): Promise<Tombstone | undefined> {
    const { userId, manager } = payload.record;
    const ended = await revocations.find(id, endedId(id, userId, manager), call);
    return this.#seen(ended && { ...ended, manager }, payload);
  }

  /** Copies of the cookie must not open any more. Resolves to an earlier end, if there is one. */
  async #remember(
    tombstone: Tombstone,
    payload: Payload,
    call: StoreCall,
  ): Promise<Tombstone | undefined> {
    if (this.#revocations === undefined) return undefined;
    const { userId } = payload.record;
    const outcome = await this.#revocations.add({ ...tombstone, userId }, payload, call);
    if (outcome === "created") return undefined;
    return this.#found(tombstone.id, payload, this.#revocations, call);
  }

  /** A request has nothing to say of a user's other sessions. */
  #directoryOf(revocations: Revocations): Directory {
    return {
      generation: (user, call) => revocations.generation(user, call),
      raiseGeneration: async () => 0,
      list: async () => [],
      endAll: async () => [],
      scan: async () => [],
      count: async () => 0,
    };
  }
}

/** Whose the session before may have been: the same user's, or nobody's. */
function usersBefore({ userId }: SessionRecord): readonly (string | undefined)[] {
  return [...new Set([userId, undefined])];
}

const GONE: { readonly kind: "gone"; readonly tombstone: undefined } = {
  kind: "gone",
  tombstone: undefined,
};
