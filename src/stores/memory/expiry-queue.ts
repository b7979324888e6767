import type { EpochMs } from "../../core/record.ts";
import { NONE, type Row, RowColumns } from "./columns.ts";

/**
 * A binary heap with the row that expires first in front. The place of each row is known, so that
 * one whose expiry moves, or that goes, is found without a search.
 */
export class ExpiryQueue {
  readonly #expiryOf: (row: Row) => EpochMs;
  readonly #heap = new RowColumns(1);
  readonly #places = new RowColumns(1);
  #size = 0;

  constructor(expiryOf: (row: Row) => EpochMs) {
    this.#expiryOf = expiryOf;
  }

  get first(): Row {
    return this.#size === 0 ? NONE : this.#heap.at(0, 0);
  }

  add(row: Row): void {
    this.#size += 1;
    this.#rise(row, this.#size - 1);
  }

  remove(row: Row): void {
    this.#size -= 1;
    const last = this.#heap.at(this.#size, 0);
    if (last === row) return;
    this.#put(last, this.#places.at(row, 0));
    this.moved(last);
  }

  /** Restores the order after a row was given another expiry. */
  moved(row: Row): void {
    this.#rise(row, this.#places.at(row, 0));
    this.#sink(row, this.#places.at(row, 0));
  }

  #rise(row: Row, from: number): void {
    const expiresAt = this.#expiryOf(row);
    let place = from;
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = this.#heap.at(parentPlace, 0);
      if (this.#expiryOf(parent) <= expiresAt) break;
      this.#put(parent, place);
      place = parentPlace;
    }
    this.#put(row, place);
  }

  #sink(row: Row, from: number): void {
    const expiresAt = this.#expiryOf(row);
    let place = from;
    for (;;) {
      const child = this.#earlierChild(place);
      if (child === NONE || this.#expiryOf(child) >= expiresAt) break;
      const childPlace = this.#places.at(child, 0);
      this.#put(child, place);
      place = childPlace;
    }
    this.#put(row, place);
  }

  #earlierChild(place: number): Row {
    const leftPlace = 2 * place + 1;
    if (leftPlace >= this.#size) return NONE;
    const left = this.#heap.at(leftPlace, 0);
    if (leftPlace + 1 === this.#size) return left;
    const right = this.#heap.at(leftPlace + 1, 0);
    return this.#expiryOf(right) < this.#expiryOf(left) ? right : left;
  }

  #put(row: Row, place: number): void {
    this.#heap.put(place, 0, row);
    this.#places.put(row, 0, place);
  }
}
