import type { StoredSession } from "../../core/record.ts";

/** What an {@link ExpiryQueue} holds. */
export interface Queued {
  readonly stored: Pick<StoredSession, "expiresAt">;
  /** In the queue, which sets it. */
  place: number;
}

/**
 * A binary heap with the slot that expires first in front. Each slot knows its place, so that one
 * whose expiry moves, or that goes, is found without a search.
 */
export class ExpiryQueue<Slot extends Queued> {
  readonly #heap: Slot[] = [];

  get first(): Slot | undefined {
    return this.#heap[0];
  }

  add(slot: Slot): void {
    this.#heap.push(slot);
    this.#rise(slot, this.#heap.length - 1);
  }

  remove(slot: Slot): void {
    const last = this.#heap.pop();
    if (last === undefined || last === slot) return;
    last.place = slot.place;
    this.moved(last);
  }

  /** Restores the order after `slot` was given another expiry. */
  moved(slot: Slot): void {
    this.#rise(slot, slot.place);
    this.#sink(slot, slot.place);
  }

  #rise(slot: Slot, from: number): void {
    let place = from;
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = this.#heap[parentPlace];
      if (parent === undefined || parent.stored.expiresAt <= slot.stored.expiresAt) break;
      this.#put(parent, place);
      place = parentPlace;
    }
    this.#put(slot, place);
  }

  #sink(slot: Slot, from: number): void {
    let place = from;
    for (;;) {
      const child = this.#earlierChild(place);
      if (child === undefined || child.stored.expiresAt >= slot.stored.expiresAt) break;
      const childPlace = child.place;
      this.#put(child, place);
      place = childPlace;
    }
    this.#put(slot, place);
  }

  #earlierChild(place: number): Slot | undefined {
    const left = this.#heap[2 * place + 1];
    const right = this.#heap[2 * place + 2];
    if (left === undefined || right === undefined) return left;
    return right.stored.expiresAt < left.stored.expiresAt ? right : left;
  }

  #put(slot: Slot, place: number): void {
    this.#heap[place] = slot;
    slot.place = place;
  }
}
