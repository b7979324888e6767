import { refuse } from "./refusal.ts";

/** The bytes of a pickle, read from front to back. Nothing is taken that is not there. */
export class Source {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  /** The next bytes, as a view of what is there. */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** The bytes before the next line feed, which is passed over. */
  line(): Uint8Array {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end === -1) refuse("the pickle ends within a line");
    const start = this.#position;
    this.#position = end + 1;
    return this.#bytes.subarray(start, end);
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  /** A length of eight bytes. One that is no safe number is longer than any pickle. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  #advance(length: number): number {
    if (length > this.remaining) refuse("the pickle is cut short");
    const start = this.#position;
    this.#position += length;
    return start;
  }
}
