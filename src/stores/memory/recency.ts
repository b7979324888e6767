/** What a {@link Recency} holds. It sets both. */
export interface Linked<Slot> {
  older: Slot | undefined;
  newer: Slot | undefined;
}

/** Slots in the order of their last use. Linked, so that a use costs no allocation. */
export class Recency<Slot extends Linked<Slot>> {
  #oldest: Slot | undefined;
  #newest: Slot | undefined;

  get oldest(): Slot | undefined {
    return this.#oldest;
  }

  add(slot: Slot): void {
    slot.older = this.#newest;
    slot.newer = undefined;
    if (this.#newest === undefined) this.#oldest = slot;
    else this.#newest.newer = slot;
    this.#newest = slot;
  }

  remove(slot: Slot): void {
    const { older, newer } = slot;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
  }

  renew(slot: Slot): void {
    if (slot === this.#newest) return;
    this.remove(slot);
    this.add(slot);
  }
}
