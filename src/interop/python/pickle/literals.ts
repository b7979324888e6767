import { PyBytes, PyFloat } from "../values.ts";
import type { PickleLimits } from "./limits.ts";
import { refuse } from "./refusal.ts";
import { decodeLatin1 } from "./text.ts";

/** An int written in decimal, as `INT` and `LONG` have it. */
export function decimalInt(line: Uint8Array, { maxDigits }: PickleLimits): number | bigint {
  if (line.length > maxDigits + 1) refuse(`an int has more than ${maxDigits} digits`);
  const text = decodeLatin1(line);
  if (!/^-?(0|[1-9]\d*)$/.test(text)) refuse("an int is not written in decimal");
  return narrowed(BigInt(text));
}

/** An int in two's complement, the lowest byte first, as `LONG1` and `LONG4` have it. */
export function binaryInt(bytes: Uint8Array, { maxDigits }: PickleLimits): number | bigint {
  if (bytes.length > Math.floor(maxDigits / Math.log10(256))) {
    refuse(`an int has more than ${maxDigits} digits`);
  }
  if (bytes.length === 0) return 0;
  const hex = Buffer.from(bytes).reverse().toString("hex");
  return narrowed(BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`)));
}

/** A float written in decimal, as `FLOAT` has it. */
export function decimalFloat(line: Uint8Array): PyFloat {
  const text = decodeLatin1(line);
  if (text === "nan") return new PyFloat(Number.NaN);
  if (text === "inf" || text === "-inf")
    return new PyFloat(Number(`${text}inity`.replace("i", "I")));
  if (!/^-?\d+(\.\d*)?(e[+-]?\d+)?$/.test(text)) refuse("a float is not written in decimal");
  return new PyFloat(Number(text));
}

/**
 * What Python 2 calls a `str`: text where it is ASCII, as Python 3 reads it, and else bytes.
 */
export function oldString(bytes: Uint8Array): string | PyBytes {
  if (bytes.some((byte) => byte > 0x7f)) return new PyBytes(Uint8Array.from(bytes));
  return decodeLatin1(bytes);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\\\": "\\",
  "\\'": "'",
  '\\"': '"',
  "\\n": "\n",
  "\\r": "\r",
  "\\t": "\t",
};

/** A `str` by its `repr`, as `STRING` has it. */
export function quotedString(line: Uint8Array): string | PyBytes {
  const quoted = decodeLatin1(line);
  const body = quoted.slice(1, -1);
  if (quoted.length < 2 || !/^(['"]).*\1$/s.test(quoted)) refuse("a STRING is not quoted");
  const plain = body.replace(/\\(x[0-9a-f]{2}|.|$)/gs, unquoted);
  return oldString(Buffer.from(plain, "latin1"));
}

function unquoted(written: string): string {
  if (written.startsWith("\\x") && written.length === 4) {
    return String.fromCharCode(Number.parseInt(written.slice(2), 16));
  }
  return ESCAPES[written] ?? refuse("a STRING has an escape that repr does not write");
}

/** A text in raw-unicode-escape, as `UNICODE` has it. */
export function escapedText(line: Uint8Array): string {
  return decodeLatin1(line).replace(/\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/gs, unescaped);
}

function unescaped(written: string): string {
  if (!/^\\[uU]/.test(written)) return written;
  const point = Number.parseInt(written.slice(2), 16);
  if (written.length === 2 || point > 0x10ffff) refuse("a UNICODE has an escape of no character");
  return String.fromCodePoint(point);
}

/** An int as a number, where that is exact. */
function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
