import type { SessionRecord } from "../../core/record.ts";
import type { SessionId } from "../../core/token.ts";

/** Who is here: one manager's live records, by user. What has expired counts until it is removed. */
export class Roll {
  readonly #users = new Map<string, Set<SessionId>>();
  /** The sessions of users who have more than their share, those written longest ago first. */
  readonly #crowds = new Set<Set<SessionId>>();
  readonly #share: number;
  #size = 0;

  constructor(share: number) {
    this.#share = share;
  }

  get size(): number {
    return this.#size;
  }

  /** A session of a user who has more than their share; every further one is another's room. */
  get surplus(): SessionId | undefined {
    for (const ids of this.#crowds) for (const id of ids) return id;
    return undefined;
  }

  idsOf(userId: string): Iterable<SessionId> {
    return this.#users.get(userId) ?? [];
  }

  add({ id, userId }: SessionRecord): void {
    this.#size += 1;
    if (userId === undefined) return;
    const ids = this.#users.get(userId);
    if (ids === undefined) this.#users.set(userId, new Set([id]));
    else if (ids.add(id).size > this.#share) this.#crowds.add(ids);
  }

  remove({ id, userId }: SessionRecord): void {
    this.#size -= 1;
    if (userId === undefined) return;
    const ids = this.#users.get(userId);
    if (ids === undefined) return;
    ids.delete(id);
    if (ids.size <= this.#share) this.#crowds.delete(ids);
    if (ids.size === 0) this.#users.delete(userId);
  }
}
