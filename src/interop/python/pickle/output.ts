/** From this length on, a frame ends, and a text or bytes stand outside of frames, as in CPython. */
const FRAME_TARGET = 64 * 1024;
/** What is shorter is not framed. */
const FRAME_MINIMUM = 4;

/** The bytes of a pickle as they are written: from protocol 4 on in frames. */
export class Output {
  readonly #isFramed: boolean;
  readonly #parts: Uint8Array[] = [];
  #frame: Uint8Array[] = [];
  #length = 0;

  constructor(protocol: number) {
    this.#isFramed = protocol >= 4;
    if (protocol >= 2) this.#parts.push(Uint8Array.of(0x80, protocol));
  }

  /** Adds an opcode and what follows it. */
  write(opcode: string, ...operands: readonly Uint8Array[]): void {
    for (const bytes of [Buffer.from(opcode, "latin1"), ...operands]) {
      this.#frame.push(bytes);
      this.#length += bytes.length;
    }
  }

  /** Adds an opcode with a text or bytes, which are too long for a frame where they would fill one. */
  writeLong(opcode: string, length: Uint8Array, bytes: Uint8Array): void {
    if (!this.#isFramed || bytes.length < FRAME_TARGET) {
      this.write(opcode, length, bytes);
      return;
    }
    this.#endFrame();
    this.#parts.push(Buffer.from(opcode, "latin1"), length, bytes);
  }

  /** Says that a value begins. Only there does a frame end. */
  beginValue(): void {
    if (this.#isFramed && this.#length >= FRAME_TARGET) this.#endFrame();
  }

  /** All bytes. */
  end(): Uint8Array {
    this.write(".");
    this.#endFrame();
    return new Uint8Array(Buffer.concat(this.#parts));
  }

  #endFrame(): void {
    if (this.#isFramed && this.#length >= FRAME_MINIMUM) {
      this.#parts.push(Uint8Array.of(0x95), uint64(this.#length));
    }
    for (const bytes of this.#frame) this.#parts.push(bytes);
    this.#frame = [];
    this.#length = 0;
  }
}

/** One byte. */
export function uint8(value: number): Uint8Array {
  return Uint8Array.of(value);
}

/** Two bytes, the lower first. */
export function uint16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >> 8);
}

/** Four bytes, the lowest first, of an int with or without a sign. */
export function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}

/** Eight bytes, the highest first. */
export function float64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, false);
  return bytes;
}

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}
