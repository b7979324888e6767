import type { EpochMs } from "../../core/record.ts";
import { NONE, type Row, RowColumns, TimeColumns } from "./columns.ts";

/**
 * A binary heap with the row in front that expires first, by what is known here of each row's expiry. The
 * place of each row is known, so that one that goes is found without a search.
 *
 * A row that is used expires later. That is taken down only when the row comes up, once in all that time:
 * to sort it anew at each use would lead through rows all over the memory.
 */
export class ExpiryQueue {
  readonly #expiryOf: (row: Row) => EpochMs;
  readonly #known = new TimeColumns(1);
  readonly #heap = new RowColumns(1);
  readonly #places = new RowColumns(1);
  #size = 0;

  constructor(expiryOf: (row: Row) => EpochMs) {
    this.#expiryOf = expiryOf;
  }

  /** The first row, if it has expired by `now` as far as is known here; `NONE` where none has. */
  due(now: EpochMs): Row {
    if (this.#size === 0) return NONE;
    const row = this.#heap.at(0, 0);
    return this.#knownOf(row) > now ? NONE : row;
  }

  /** Takes down when the first row expires by now: it was used since that was known. */
  postpone(row: Row): void {
    this.#known.put(row, 0, this.#expiryOf(row));
    this.#sink(row, this.#places.at(row, 0));
  }

  add(row: Row): void {
    this.#size += 1;
    this.#known.put(row, 0, this.#expiryOf(row));
    this.#rise(row, this.#size - 1);
  }

  remove(row: Row): void {
    this.#size -= 1;
    const last = this.#heap.at(this.#size, 0);
    if (last === row) return;
    const place = this.#places.at(row, 0);
    this.#put(last, place);
    this.#rise(last, place);
    this.#sink(last, this.#places.at(last, 0));
  }

  /** Keeps the order after a row was given another expiry. */
  moved(row: Row): void {
    const expiresAt = this.#expiryOf(row);
    if (expiresAt >= this.#knownOf(row)) return;
    this.#known.put(row, 0, expiresAt);
    this.#rise(row, this.#places.at(row, 0));
  }

  #rise(row: Row, from: number): void {
    const expiresAt = this.#knownOf(row);
    let place = from;
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = this.#heap.at(parentPlace, 0);
      if (this.#knownOf(parent) <= expiresAt) break;
      this.#put(parent, place);
      place = parentPlace;
    }
    this.#put(row, place);
  }

  #sink(row: Row, from: number): void {
    const expiresAt = this.#knownOf(row);
    let place = from;
    for (;;) {
      const child = this.#earlierChild(place);
      if (child === NONE || this.#knownOf(child) >= expiresAt) break;
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
    return this.#knownOf(right) < this.#knownOf(left) ? right : left;
  }

  #knownOf(row: Row): EpochMs {
    return this.#known.at(row, 0);
  }

  #put(row: Row, place: number): void {
    this.#heap.put(place, 0, row);
    this.#places.put(row, 0, place);
  }
}
