import { float64, int32, type Output, uint8, uint16 } from "./output.ts";
import { encodeText } from "./text.ts";

/** Writes `None`. */
export function writeNone(output: Output): void {
  output.write("N");
}

/** Writes a bool, which is an int of two digits before protocol 2. */
export function writeBool(output: Output, value: boolean, protocol: number): void {
  if (protocol < 2) output.write(value ? "I01\n" : "I00\n");
  else output.write(value ? "\x88" : "\x89");
}

/** Writes an int in the shortest form that the protocol has. */
export function writeInt(output: Output, value: number | bigint, protocol: number): void {
  const number = Number(value);
  const isShort = number === (number | 0);
  if (isShort && protocol === 0) output.write(`I${number}\n`);
  else if (isShort) writeShortInt(output, number);
  else if (protocol < 2) output.write(`L${value}L\n`);
  else writeLongInt(output, BigInt(value));
}

/** Writes a float. */
export function writeFloat(output: Output, value: number, protocol: number): void {
  if (protocol >= 1) output.write("G", float64(value));
  else output.write(`F${decimalText(value)}\n`);
}

/** Writes a text. */
export function writeText(output: Output, text: string, protocol: number): void {
  if (protocol === 0) {
    output.write(`V${escaped(text)}\n`);
    return;
  }
  const bytes = encodeText(text);
  if (protocol >= 4 && bytes.length < 256) output.write("\x8c", uint8(bytes.length), bytes);
  else output.writeLong("X", int32(bytes.length), bytes);
}

/** Writes bytes, as protocol 3 and later have them. */
export function writeBytes(output: Output, bytes: Uint8Array): void {
  if (bytes.length < 256) output.write("C", uint8(bytes.length), bytes);
  else output.writeLong("B", int32(bytes.length), bytes);
}

function writeShortInt(output: Output, value: number): void {
  if (value < 0 || value > 0xffff) output.write("J", int32(value));
  else if (value > 0xff) output.write("M", uint16(value));
  else output.write("K", uint8(value));
}

/** Two's complement in as few bytes as hold the sign. */
function writeLongInt(output: Output, value: bigint): void {
  const bits = (value < 0n ? ~value : value).toString(2).length + 1;
  const length = Math.ceil(bits / 8);
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, "0");
  const bytes = Buffer.from(hex, "hex").reverse();
  if (length < 256) output.write("\x8a", uint8(length), bytes);
  else output.write("\x8b", int32(length), bytes);
}

/** A decimal that Python reads as the same float. */
function decimalText(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  const text = Number.isInteger(value) ? `${value}.0` : String(value);
  return text
    .replace("NaN", "nan")
    .replace("Infinity", "inf")
    .replace(/(e.*)\.0$/, "$1");
}

/** Besides the backslash, what would end the line here or on some machine. */
const ESCAPED = new Set(["\\", "\0", "\n", "\r", "\x1a"]);

/** Raw-unicode-escape. */
function escaped(text: string): string {
  return Array.from(text, (character) => {
    const point = character.codePointAt(0) ?? 0;
    const hex = point.toString(16);
    if (point > 0xffff) return `\\U${hex.padStart(8, "0")}`;
    const isPlain = point <= 0xff && !ESCAPED.has(character);
    return isPlain ? character : `\\u${hex.padStart(4, "0")}`;
  }).join("");
}
