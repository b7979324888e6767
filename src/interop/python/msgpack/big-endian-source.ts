import { refuse } from "../pickle/refusal.ts";

/** The bytes of a message, read from front to back. Nothing is taken that is not there. */
export class BigEndianSource {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  /** The next bytes, as a view of what is there. */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A number without a sign, of up to four bytes. */
  uint(width: number): number {
    return this.#bytes.readUIntBE(this.#advance(width), width);
  }

  /** An int without a sign, of up to eight bytes. */
  unsigned(width: number): number | bigint {
    if (width < 8) return this.uint(width);
    return narrowed(this.#bytes.readBigUInt64BE(this.#advance(width)));
  }

  /** An int with a sign, of up to eight bytes. */
  signed(width: number): number | bigint {
    const start = this.#advance(width);
    if (width < 8) return this.#bytes.readIntBE(start, width);
    return narrowed(this.#bytes.readBigInt64BE(start));
  }

  float32(): number {
    return this.#bytes.readFloatBE(this.#advance(4));
  }

  float64(): number {
    return this.#bytes.readDoubleBE(this.#advance(8));
  }

  #advance(length: number): number {
    if (length > this.remaining) refuse("the value is cut short");
    const start = this.#position;
    this.#position += length;
    return start;
  }
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
