import { NONE, type Row, RowColumns } from "./columns.ts";

const OLDER = 0;
const NEWER = 1;

/** Rows in the order of their last use. Linked, so that a use costs no allocation. */
export class Recency {
  readonly #neighbours: RowColumns;
  #oldest: Row = NONE;
  #newest: Row = NONE;

  /** Several share the neighbours, as a row is in one of them. */
  constructor(neighbours: RowColumns) {
    this.#neighbours = neighbours;
  }

  get oldest(): Row {
    return this.#oldest;
  }

  add(row: Row): void {
    this.#neighbours.put(row, OLDER, this.#newest);
    this.#neighbours.put(row, NEWER, NONE);
    if (this.#newest === NONE) this.#oldest = row;
    else this.#neighbours.put(this.#newest, NEWER, row);
    this.#newest = row;
  }

  remove(row: Row): void {
    const [older, newer] = [this.#neighbours.at(row, OLDER), this.#neighbours.at(row, NEWER)];
    if (older === NONE) this.#oldest = newer;
    else this.#neighbours.put(older, NEWER, newer);
    if (newer === NONE) this.#newest = older;
    else this.#neighbours.put(newer, OLDER, older);
  }

  renew(row: Row): void {
    if (row === this.#newest) return;
    this.remove(row);
    this.add(row);
  }
}

/** The older and the newer neighbour of each row, in the one {@link Recency} that it is in. */
export function noNeighbours(): RowColumns {
  return new RowColumns(2);
}
