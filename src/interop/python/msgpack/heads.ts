/** The bytes with which a kind begins: how many fit into the first itself, and what follows it else. */
interface Head {
  readonly first: number;
  readonly fits: number;
  readonly wider: readonly (readonly [byte: number, width: 1 | 2 | 4])[];
}

type Kind = "map" | "array" | "str" | "bin";

const HEADS: Readonly<Record<Kind, Head>> = {
  map: {
    first: 0x80,
    fits: 15,
    wider: [
      [0xde, 2],
      [0xdf, 4],
    ],
  },
  array: {
    first: 0x90,
    fits: 15,
    wider: [
      [0xdc, 2],
      [0xdd, 4],
    ],
  },
  str: {
    first: 0xa0,
    fits: 31,
    wider: [
      [0xd9, 1],
      [0xda, 2],
      [0xdb, 4],
    ],
  },
  bin: {
    first: 0,
    fits: -1,
    wider: [
      [0xc4, 1],
      [0xc5, 2],
      [0xc6, 4],
    ],
  },
};

/** The shortest beginning of a map, array, text or bytes of a length. */
export function headBytes(kind: Kind, length: number): Uint8Array {
  const { first, fits, wider } = HEADS[kind];
  if (length <= fits) return Uint8Array.of(first | length);
  const [byte, width] = wider.find(([, each]) => length < 256 ** each) ?? [0xc1, 1];
  return withHead(byte, BigInt(length), width);
}

/** An int in the shortest form, unless it has none. */
export function intBytes(value: number | bigint): Uint8Array | undefined {
  if (typeof value === "number" && !Number.isSafeInteger(value)) return undefined;
  if (value >= -32 && value <= 127) return Uint8Array.of(Number(value) & 0xff);
  const big = BigInt(value);
  const first = big > 0n ? 0xcc : 0xd0;
  const power = [0, 1, 2, 3].find((each) => fitsInto(big, 2 ** each));
  return power === undefined ? undefined : withHead(first + power, big, 2 ** power);
}

/** A float, which is always one of eight bytes. */
export function floatBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(9, 0xcb);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function fitsInto(value: bigint, width: number): boolean {
  return value > 0n
    ? value === BigInt.asUintN(width * 8, value)
    : value === BigInt.asIntN(width * 8, value);
}

function withHead(byte: number, value: bigint, width: number): Uint8Array {
  const hex = BigInt.asUintN(width * 8, value)
    .toString(16)
    .padStart(width * 2, "0");
  return Buffer.from(Buffer.from([byte]).toString("hex") + hex, "hex");
}
