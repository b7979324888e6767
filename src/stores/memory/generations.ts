import { type EpochMs, TOMBSTONE_MS } from "../../core/record.ts";
import type { UserKey } from "../../core/store.ts";
import { hiddenUserId } from "../../core/token.ts";

interface Raised {
  readonly generation: number;
  readonly keepUntil: EpochMs;
}

/** So many are looked at in one go for what may be forgotten. */
const LOOKED_AT = 4;

/**
 * Users' generations, in bounded memory: beyond the bound those that were raised longest ago are
 * forgotten before their time, but none that a request under way may have read. It does no harm, as
 * `endAll` of this store is one step and misses nothing. They outlive the user's sessions, so they do
 * not tell whose they are.
 */
export class Generations {
  /** Raised longest ago first. */
  readonly #raised = new Map<string, Raised>();
  readonly #maxUsers: number;

  constructor(maxUsers: number) {
    this.#maxUsers = maxUsers;
  }

  of(user: UserKey, now: EpochMs): number {
    const raised = this.#raised.get(keyOf(user));
    return raised === undefined || raised.keepUntil <= now ? 0 : raised.generation;
  }

  raise(user: UserKey, now: EpochMs, keepUntil: EpochMs = Number.POSITIVE_INFINITY): number {
    const key = keyOf(user);
    const last = this.#raised.get(key);
    const generation = Math.max((last?.generation ?? 0) + 1, now);
    this.#raised.delete(key);
    this.#raised.set(key, { generation, keepUntil: Math.max(last?.keepUntil ?? 0, keepUntil) });
    this.#forgetSome(now);
    return generation;
  }

  #forgetSome(now: EpochMs): void {
    let looks = 0;
    for (const [key, { generation, keepUntil }] of this.#raised) {
      const isInWay = this.#raised.size > this.#maxUsers && generation + TOMBSTONE_MS <= now;
      if (isInWay || keepUntil <= now) this.#raised.delete(key);
      looks += 1;
      if (looks === LOOKED_AT) return;
    }
  }
}

function keyOf({ manager, userId }: UserKey): string {
  return hiddenUserId(userId, manager);
}
