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
import { type Letter, written } from "./letter.ts";
import { COOKIE_PROFILE } from "./profile.ts";
import type { Revocations } from "./revocations.ts";
import { cookiesFor, type Room } from "./size.ts";

/** A record of this request, and what is known of it beside. */
export interface Held {
  readonly stored: StoredSession;
  /** Whether the visitor was ever to be remembered in this session. */
  readonly wasPersistent: boolean;
  /** As it came; `undefined` for a record that was made here, and that nobody else has seen. */
  readonly letter: Letter | undefined;
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
  #lead: Letter | undefined;
  /** The session whose idle clock was moved. */
  touched: SessionId | undefined;

  constructor(revocations: Revocations | undefined, room: Room) {
    this.#revocations = revocations;
    this.#room = room;
    if (revocations?.store.directory !== undefined) this.directory = this.#directoryOf(revocations);
  }

  /** Takes in what a cookie brought. Of several copies of one session the first one counts. */
  arrive(letter: Letter): void {
    const { record, wasPersistent } = letter;
    if (this.#held.has(record.id)) return;
    this.#held.set(record.id, { stored: record, wasPersistent, letter });
  }

  /** What has come, in that order, each session once. */
  get arrived(): readonly Letter[] {
    return [...this.#held.values()].flatMap(({ letter }) => letter ?? []);
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
    cookiesFor(written(undefined, record), record, this.#room);
    const { persistent: wasPersistent } = record;
    this.#held.set(record.id, { stored: record, wasPersistent, letter: undefined });
    return "created";
  }

  async update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    const held = this.#held.get(record.id);
    if (held === undefined) return GONE;
    const { stored } = held;
    if (stored.kind === "ended") return { kind: "gone", tombstone: stored };
    if (stored.version !== expected) return { kind: "conflict", current: stored };
    cookiesFor(written(undefined, record), record, this.#room);
    // Sent, it would take the place of the cookie of whoever has signed in or out meanwhile.
    const tombstone = await this.#endedElsewhere(held, call);
    if (tombstone !== undefined) return { kind: "gone", tombstone };
    const wasPersistent = held.wasPersistent || record.persistent;
    this.#held.set(record.id, { ...held, stored: record, wasPersistent });
    return { kind: "updated" };
  }

  async end(
    tombstone: Tombstone,
    expected: CommitId | undefined,
    call: StoreCall,
  ): Promise<EndOutcome> {
    const held = this.#held.get(tombstone.id);
    if (held === undefined) return this.#endElsewhere(tombstone, call);
    const { stored, letter } = held;
    if (stored.kind === "ended") return { kind: "gone", tombstone: stored };
    if (expected !== undefined && stored.version !== expected) {
      return { kind: "conflict", current: stored };
    }
    const earlier = letter && (await this.#remember(tombstone, letter, call));
    this.#held.set(tombstone.id, { ...held, stored: earlier ?? tombstone });
    return earlier === undefined ? { kind: "ended" } : { kind: "gone", tombstone: earlier };
  }

  async touch(id: SessionId, { lastSeenAt, expiresAt }: Seen, call: StoreCall): Promise<boolean> {
    const held = this.#held.get(id);
    if (held?.stored.kind !== "live") return false;
    if (lastSeenAt <= held.stored.lastSeenAt) return true;
    // Only this touch sends the data too.
    const isResent = held.letter?.isCurrent === false;
    if (isResent && (await this.#endedElsewhere(held, call)) !== undefined) return false;
    this.#held.set(id, { ...held, stored: { ...held.stored, lastSeenAt, expiresAt } });
    this.touched = id;
    return true;
  }

  /** The session that took over from one which no cookie of this request has. */
  #heirOf(id: SessionId): Letter | undefined {
    for (const { letter } of this.#held.values()) {
      if (letter !== undefined && predecessorOf(letter.record) === id) return letter;
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
    heir: Letter,
    revocations: Revocations,
    call: StoreCall,
  ): Promise<EndOutcome> {
    for (const userId of usersBefore(heir.record)) {
      await revocations.add({ ...tombstone, userId }, heir, call);
    }
    return { kind: "ended" };
  }

  /** What was made here, or has ended here, is known without asking. */
  async #endedElsewhere({ stored, letter }: Held, call: StoreCall): Promise<Tombstone | undefined> {
    if (letter === undefined || stored.kind === "ended") return undefined;
    return this.#seen(await this.#revocations?.endOf(letter.record, call), letter);
  }

  #seen(ended: Tombstone | undefined, letter: Letter): Tombstone | undefined {
    if (ended?.next !== undefined) this.#lead = letter;
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
    const earlier = await this.#remember(tombstone, { ...lead, wasPersistent: true }, call);
    return earlier === undefined ? { kind: "ended" } : { kind: "gone", tombstone: earlier };
  }

  async #found(
    id: SessionId,
    letter: Letter,
    revocations: Revocations,
    call: StoreCall,
  ): Promise<Tombstone | undefined> {
    const { userId, manager } = letter.record;
    const ended = await revocations.find(id, endedId(id, userId, manager), call);
    return this.#seen(ended && { ...ended, manager }, letter);
  }

  /** Copies of the cookie must not open any more. Resolves to an earlier end, if there is one. */
  async #remember(
    tombstone: Tombstone,
    letter: Letter,
    call: StoreCall,
  ): Promise<Tombstone | undefined> {
    if (this.#revocations === undefined) return undefined;
    const { userId } = letter.record;
    const outcome = await this.#revocations.add({ ...tombstone, userId }, letter, call);
    if (outcome === "created") return undefined;
    return this.#found(tombstone.id, letter, this.#revocations, call);
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
