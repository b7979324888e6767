import type { SessionId } from "../token.ts";

/** What stands on a shelf, between its neighbours. */
export interface Shelved<Self> {
  readonly id: SessionId;
  previous: Self | undefined;
  next: Self | undefined;
}

/** A power of two: a few for each where hundreds are there at a time. */
const SHELVES = 64;

/**
 * What is there for a moment, found by its id, which is as good as drawn by lot. In a plain object each
 * id would become the name of a property, which takes longer than all else here; a Map that is filled
 * and emptied all the time costs the garbage collector dearly, as each table that it grows out of points
 * to the next, and so to all that was in there since.
 */
export class Shelves<Item extends Shelved<Item>> {
  /** The newest on each. */
  readonly #shelves: (Item | undefined)[] = new Array(SHELVES).fill(undefined);

  find(id: SessionId): Item | undefined {
    let item = this.#shelves[shelfOf(id)];
    while (item !== undefined && item.id !== id) item = item.next;
    return item;
  }

  add(item: Item): void {
    const shelf = shelfOf(item.id);
    const next = this.#shelves[shelf];
    item.next = next;
    if (next !== undefined) next.previous = item;
    this.#shelves[shelf] = item;
  }

  /** Takes it out, where it is there. */
  remove(item: Item): void {
    const { id, previous, next } = item;
    if (previous === undefined && this.#shelves[shelfOf(id)] !== item) return;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else this.#shelves[shelfOf(id)] = next;
    // Whoever still holds it does not hold the others.
    item.previous = undefined;
    item.next = undefined;
  }
}

/** By a character before the last, which has fewer than all bits. */
function shelfOf(id: SessionId): number {
  return id.charCodeAt(id.length - 2) & (SHELVES - 1);
}
