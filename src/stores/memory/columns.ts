/** The number of a stored session, the same in every column. */
export type Row = number;
/** No row. */
export const NONE: Row = -1;

// In pages, as an array that grows is copied, and has half as much again to spare.
const PAGE_BITS = 10;
const PAGE_ROWS: number = 1 << PAGE_BITS;
const IN_PAGE: number = PAGE_ROWS - 1;

/** Texts or objects, one for each row. */
export class Column<Cell> {
  readonly #pages: (Cell | undefined)[][] = [];

  at(row: Row): Cell | undefined {
    return this.#pages[row >> PAGE_BITS]?.[row & IN_PAGE];
  }

  put(row: Row, cell: Cell | undefined): void {
    const cells = this.#pages[row >> PAGE_BITS] ?? this.#addPage(row >> PAGE_BITS);
    // To put what is there already would cost the garbage collector something.
    if (cells[row & IN_PAGE] !== cell) cells[row & IN_PAGE] = cell;
  }

  #addPage(page: number): (Cell | undefined)[] {
    const cells = new Array<Cell | undefined>(PAGE_ROWS).fill(undefined);
    this.#pages[page] = cells;
    return cells;
  }
}

/** Instants, `width` of them for each row. Nobody asks for one that was not put. */
export class TimeColumns {
  readonly #pages: Float64Array[] = [];
  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
  }

  at(row: Row, column: number): number {
    const place = (row & IN_PAGE) * this.#width + column;
    return this.#pages[row >> PAGE_BITS]?.[place] ?? Number.NaN;
  }

  put(row: Row, column: number, time: number): void {
    const cells = this.#pages[row >> PAGE_BITS] ?? this.#addPage(row >> PAGE_BITS);
    cells[(row & IN_PAGE) * this.#width + column] = time;
  }

  #addPage(page: number): Float64Array {
    const cells = new Float64Array(PAGE_ROWS * this.#width);
    this.#pages[page] = cells;
    return cells;
  }
}

/** Other rows, `width` of them for each row or any other number. */
export class RowColumns {
  readonly #pages: Int32Array[] = [];
  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
  }

  at(place: number, column: number): Row {
    const cell = (place & IN_PAGE) * this.#width + column;
    return this.#pages[place >> PAGE_BITS]?.[cell] ?? NONE;
  }

  put(place: number, column: number, row: Row): void {
    const cells = this.#pages[place >> PAGE_BITS] ?? this.#addPage(place >> PAGE_BITS);
    cells[(place & IN_PAGE) * this.#width + column] = row;
  }

  #addPage(page: number): Int32Array {
    const cells = new Int32Array(PAGE_ROWS * this.#width);
    this.#pages[page] = cells;
    return cells;
  }
}
