import type { UserKey } from "../../core/store.ts";

/**
 * Users' generations, in bounded memory and without a way back: one counter rises for all, and
 * those raised longest ago are forgotten in favour of a floor that nobody is below.
 */
export class Generations {
  /** Oldest first, so in the order of their values. */
  readonly #raised = new Map<string, number>();
  readonly #maxUsers: number;
  #latest = 0;
  #floor = 0;

  constructor(maxUsers: number) {
    this.#maxUsers = maxUsers;
  }

  of(user: UserKey): number {
    return this.#raised.get(keyOf(user)) ?? this.#floor;
  }

  raise(user: UserKey): void {
    const key = keyOf(user);
    this.#latest += 1;
    this.#raised.delete(key);
    this.#raised.set(key, this.#latest);
    if (this.#raised.size > this.#maxUsers) this.#forgetOlderHalf();
  }

  // Half at once: each move of the floor makes the sign-ins under way start over.
  #forgetOlderHalf(): void {
    const target = this.#maxUsers >> 1;
    for (const [key, generation] of this.#raised) {
      if (this.#raised.size <= target) return;
      this.#raised.delete(key);
      this.#floor = generation;
    }
  }
}

function keyOf({ manager, userId }: UserKey): string {
  return JSON.stringify([manager, userId]);
}
