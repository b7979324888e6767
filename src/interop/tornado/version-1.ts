import { createHmac, KeyObject } from "node:crypto";
import { decodedBase64 } from "../python/base64url.ts";
import { isSameText } from "../python/same-text.ts";
import type { EpochMs } from "../python/time-bounds.ts";
import { readSeconds } from "./seconds.ts";
import type { SignedParts, TornadoReading, TornadoSecret } from "./signed-value.ts";

const FUTURE_MS: number = 31 * 86_400_000;

/** `base64|seconds|signature`, as Tornado wrote it before 3.2. */
export function writeVersion1(key: KeyObject, parts: SignedParts): string {
  return `${parts.base64}|${parts.seconds}|${signature(key, parts)}`;
}

/** Reads what {@link writeVersion1} wrote, given as Latin-1. */
export function readVersion1(
  secret: TornadoSecret,
  name: string,
  bytes: string,
  now: EpochMs,
): TornadoReading {
  const [base64, seconds, given, ...more] = bytes.split("|", 4);
  if (base64 === undefined || seconds === undefined || given === undefined || more.length > 0) {
    return { ok: false, reason: "malformed" };
  }
  // This form does not say its key's version.
  if (!(secret instanceof KeyObject)) return { ok: false, reason: "unknownKey" };
  if (!isSameText(given, signature(secret, { name, base64, seconds }))) {
    return { ok: false, reason: "altered" };
  }
  const issuedAt = readSeconds(seconds);
  const value = decodedBase64(base64);
  if (issuedAt === undefined || value === undefined) return { ok: false, reason: "malformed" };
  // Nothing parts the value from the time in what is signed, so digits could have been moved.
  if (issuedAt - now > FUTURE_MS) return { ok: false, reason: "future" };
  return { ok: true, value, issuedAt, version: 1 };
}

function signature(key: KeyObject, { name, base64, seconds }: SignedParts): string {
  const hmac = createHmac("sha1", key).update(name);
  return hmac.update(base64, "latin1").update(seconds, "latin1").digest("hex");
}
