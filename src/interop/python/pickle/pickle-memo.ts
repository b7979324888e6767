import { int32, type Output, uint8 } from "./output.ts";

/** Remembers what a pickle has written, so that it is written once. */
export class PickleMemo {
  readonly #output: Output;
  readonly #protocol: number;
  readonly #places = new Map<unknown, number>();
  #size = 0;

  constructor(output: Output, protocol: number) {
    this.#output = output;
    this.#protocol = protocol;
  }

  /** Gives the value just written the next place. Python gives one to each, also where none asks. */
  put(key?: unknown): void {
    if (this.#protocol >= 4) this.#output.write("\x94");
    else if (this.#protocol === 0) this.#output.write(`p${this.#size}\n`);
    else this.#writePlace("q", "r", this.#size);
    if (key !== undefined) this.#places.set(key, this.#size);
    this.#size += 1;
  }

  /** Writes where a value stands already, or tells that it does not. */
  recall(key: unknown): boolean {
    const place = this.#places.get(key);
    if (place === undefined) return false;
    if (this.#protocol === 0) this.#output.write(`g${place}\n`);
    else this.#writePlace("h", "j", place);
    return true;
  }

  #writePlace(short: string, long: string, place: number): void {
    if (place < 256) this.#output.write(short, uint8(place));
    else this.#output.write(long, int32(place));
  }
}
