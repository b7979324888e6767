import type { Random } from "../../support/random.ts";

/** Who makes a change. */
export type Side = "python" | "sojourn";

/** A change that one side is asked to make: of a key that nobody else sets, or of the list of all. */
export type Change =
  | { readonly kind: "set"; readonly key: string; readonly value: number }
  | { readonly kind: "delete"; readonly key: string }
  | { readonly kind: "append"; readonly item: number };

/** A change that was acknowledged, and when. */
export interface Done {
  readonly side: Side;
  readonly change: Change;
  readonly from: number;
  readonly to: number;
}

/** The list that both sides add to. */
export const LIST = "list";

/** Draws changes, each of which can be told from all others by what it leaves. */
export class Changes {
  readonly #random: Random;
  readonly #free: string[] = [];
  #made = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Change {
    this.#made += 1;
    const kind = this.#random.below(10);
    const key = this.#free[0];
    if (kind < 2 && key !== undefined) {
      this.#free.shift();
      return { kind: "delete", key };
    }
    if (kind < 6) return { kind: "append", item: this.#made };
    return { kind: "set", key: `key${this.#made}`, value: this.#made };
  }

  /** From here on the key may be deleted, once. */
  settled(change: Change): void {
    if (change.kind === "set") this.#free.push(change.key);
  }
}
