import type { SessionRecord } from "../../core/record.ts";
import type { SessionId } from "../../core/token.ts";

/** Who is here: one manager's live records, by user. What has expired counts until it is removed. */
export class Roll {
  readonly #users = new Map<string, Set<SessionId>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  idsOf(userId: string): Iterable<SessionId> {
    return this.#users.get(userId) ?? [];
  }

  add({ id, userId }: SessionRecord): void {
    this.#size += 1;
    if (userId === undefined) return;
    const ids = this.#users.get(userId);
    if (ids === undefined) this.#users.set(userId, new Set([id]));
    else ids.add(id);
  }

  remove({ id, userId }: SessionRecord): void {
    this.#size -= 1;
    if (userId === undefined) return;
    const ids = this.#users.get(userId);
    ids?.delete(id);
    if (ids?.size === 0) this.#users.delete(userId);
  }
}
