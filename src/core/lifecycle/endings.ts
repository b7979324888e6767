import type { Deadline } from "../deadline.ts";
import type { Engine } from "../engine.ts";
import { StoreError } from "../errors.ts";
import { type Family, familyOf, isOwnedBy, isStopped, type Owner } from "../notes.ts";
import type { EndReason, SessionRecord, StoredSession, Tombstone } from "../record.ts";
import type { SessionId } from "../token.ts";
import { TOKENS_PER_MILESTONE } from "./succession.ts";
import { tombstone } from "./transitions.ts";

type Parts = Pick<Engine, "keeper" | "families" | "environment" | "name">;

/** What `endFollowing` ends, and how. */
export interface Ending {
  readonly reason: EndReason;
  /** Whose it must be to be ended: the session itself, and each successor. */
  readonly owner: Owner;
}

/** A session that has ended: its record, unless somebody else was told to end it and did. */
export interface Ended {
  readonly id: SessionId;
  readonly userId: string | undefined;
  readonly record: SessionRecord | undefined;
}

/** A parallel request may give one new token, or two; more than that is a pursuit. */
const PURSUIT_AFTER = 2;

/**
 * Ends a session, or what it has become: the pointers of regenerated sessions are followed.
 * Resolves to what was ended, or to `undefined` if nothing live was there.
 */
export function endFollowing(
  parts: Parts,
  id: SessionId,
  ending: Ending,
  deadline: Deadline,
): Promise<Ended | undefined> {
  return new Pursuit(parts, ending, deadline).from(id);
}

/** As {@link endFollowing}, where the record is known already. */
export function endRecord(
  parts: Parts,
  record: SessionRecord,
  ending: Ending,
  deadline: Deadline,
): Promise<Ended | undefined> {
  return new Pursuit(parts, ending, deadline).from(record.id, record);
}

/**
 * Goes from a session to what has become of it. Who is given new tokens faster than we go would
 * never be caught, so the family is told to get no more of them: then the way has an end, and from
 * the last milestone on it is short.
 */
class Pursuit {
  readonly #parts: Parts;
  readonly #ending: Ending;
  readonly #deadline: Deadline;
  /** Once it gets no new tokens any more. */
  #stopped: Family | undefined;
  #steps = 0;

  constructor(parts: Parts, ending: Ending, deadline: Deadline) {
    this.#parts = parts;
    this.#ending = ending;
    this.#deadline = deadline;
  }

  async from(first: SessionId, known?: SessionRecord): Promise<Ended | undefined> {
    try {
      return await this.#go(first, known);
    } catch (error) {
      throw this.#stopped === undefined ? error : halfDone(error);
    }
  }

  async #go(first: SessionId, known?: SessionRecord): Promise<Ended | undefined> {
    let stored: StoredSession | undefined = known ?? (await this.#load(first));
    for (;;) {
      const met = await this.#meet(stored);
      const found = met !== undefined && "kind" in met ? await this.#follow(met) : met;
      if (typeof found !== "string") return found;
      stored = await this.#load(found);
    }
  }

  /** Where a tombstone leads: to another id, to an end that was ours after all, or nowhere. */
  async #follow(stone: Tombstone): Promise<Ended | SessionId | undefined> {
    this.#steps += 1;
    if (stone.next === undefined) return this.#endedByAnother(stone);
    if (this.#steps === PURSUIT_AFTER) await this.#stopFamily(stone);
    const steps = this.#steps - PURSUIT_AFTER;
    if (steps < 0 || steps % TOKENS_PER_MILESTONE !== 0) return stone.next;
    // Not stopped: it is nobody that we are told to end.
    if (this.#stopped === undefined) return steps === 0 ? stone.next : undefined;
    const further = await this.#parts.families.milestoneAfter(stone, this.#deadline);
    return further ?? stone.next;
  }

  #load(id: SessionId): Promise<StoredSession | undefined> {
    return this.#parts.keeper.load(id, this.#deadline);
  }

  /** Ends what is live. Resolves to that, or to the tombstone that is there. */
  async #meet(stored: StoredSession | undefined): Promise<Ended | Tombstone | undefined> {
    if (stored?.manager !== this.#parts.name) return undefined;
    if (stored.kind === "ended") return stored;
    const { reason, owner } = this.#ending;
    if (!isOwnedBy(owner, stored)) return undefined;
    const { id, userId } = stored;
    const stone = tombstone(this.#parts, stored, reason, this.#deadline);
    const outcome = await this.#parts.keeper.end(stone, undefined, this.#deadline);
    if (outcome.kind === "ended") return { id, userId, record: stored };
    return outcome.kind === "gone" ? outcome.tombstone : undefined;
  }

  async #stopFamily(stone: Tombstone): Promise<void> {
    if (!isOwnedBy(this.#ending.owner, stone)) return;
    const family = familyOf(stone);
    await this.#parts.families.revoke(family, this.#deadline);
    this.#stopped = family;
  }

  /** Who finds its family stopped ends its own session: that is our doing. */
  #endedByAnother(stone: Tombstone): Ended | undefined {
    const isOurs = this.#stopped !== undefined && isStopped(stone);
    return isOurs ? { id: stone.id, userId: undefined, record: undefined } : undefined;
  }
}

/** Whose family gets no new tokens any more is ended with the next one that they ask for. */
function halfDone(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  const detail = "the session ends when it is to be given a new token";
  return new StoreError(error.operation, "unknown", detail, { cause: error });
}
