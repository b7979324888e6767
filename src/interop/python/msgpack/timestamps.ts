import { partsOfMoment } from "../moment-text.ts";
import { refuse } from "../pickle/refusal.ts";
import { PyMoment } from "../values.ts";

/** The first second of year 1, and the last of year 9999. */
const FIRST = Date.parse("0001-01-01T00:00:00Z") / 1000;
const LAST = Date.parse("9999-12-31T23:59:59Z") / 1000;

/** An instant, as MessagePack counts it: since 1970, in whole seconds and what follows. */
interface Instant {
  readonly seconds: number;
  readonly microseconds: number;
}

/** The aware datetime, in UTC, of a timestamp of 4, 8 or 12 bytes. */
export function momentOf(bytes: Uint8Array): PyMoment {
  const { seconds, nanoseconds } = instantOf(bytes);
  if (nanoseconds % 1000 !== 0) refuse("a timestamp is finer than a microsecond");
  if (nanoseconds > 999_999_999 || seconds < FIRST || seconds > LAST) {
    refuse("a timestamp is none that Python has");
  }
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  const fraction = String(nanoseconds / 1000).padStart(6, "0");
  return new PyMoment("datetime", `${whole}${nanoseconds === 0 ? "" : `.${fraction}`}+00:00`);
}

/** The timestamp of an aware datetime, with the byte that begins it. */
export function timestampOf(moment: PyMoment): Uint8Array | undefined {
  const instant = instantOfMoment(moment);
  if (instant === undefined) return undefined;
  const { seconds, microseconds } = instant;
  if (microseconds === 0 && seconds >= 0 && seconds < 2 ** 32) {
    return Buffer.from(`d6ff${hexOf(BigInt(seconds), 4)}`, "hex");
  }
  const nanoseconds = BigInt(microseconds) * 1000n;
  if (seconds >= 0 && seconds < 2 ** 34) {
    return Buffer.from(`d7ff${hexOf((nanoseconds << 34n) | BigInt(seconds), 8)}`, "hex");
  }
  return Buffer.from(`c70cff${hexOf(nanoseconds, 4)}${hexOf(BigInt(seconds), 8)}`, "hex");
}

function instantOf(bytes: Uint8Array): { seconds: number; nanoseconds: number } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length === 4) return { seconds: buffer.readUInt32BE(), nanoseconds: 0 };
  if (bytes.length === 8) {
    const both = buffer.readBigUInt64BE();
    return { seconds: Number(both & 0x3_ffff_ffffn), nanoseconds: Number(both >> 34n) };
  }
  if (bytes.length !== 12) refuse("a timestamp has neither 4, 8 nor 12 bytes");
  return { seconds: Number(buffer.readBigInt64BE(4)), nanoseconds: buffer.readUInt32BE() };
}

function instantOfMoment(moment: PyMoment): Instant | undefined {
  const { clock, offset } = partsOfMoment(moment) ?? {};
  if (moment.kind !== "datetime" || clock === undefined || offset === undefined) return undefined;
  const wall = Date.parse(`${moment.iso.slice(0, 19)}Z`) / 1000;
  const difference = clock.microsecond - offset.microseconds;
  const seconds = wall - offset.days * 86_400 - offset.seconds - (difference < 0 ? 1 : 0);
  return { seconds, microseconds: difference < 0 ? difference + 1_000_000 : difference };
}

function hexOf(value: bigint, width: number): string {
  return BigInt.asUintN(width * 8, value)
    .toString(16)
    .padStart(width * 2, "0");
}
