import { deflateSync, inflateSync } from "node:zlib";
import { decodedBase64url } from "../base64url.ts";

/** What {@link readPayload} answers. */
export type PayloadReading =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly reason: "corrupt" | "tooLarge" };

/** How long a document may be, inflated or as it stands. */
export const MAX_PAYLOAD_BYTES = 1_048_576;
const MAX_PAYLOAD_CHARACTERS: number = Math.ceil((MAX_PAYLOAD_BYTES * 4) / 3);

/**
 * Writes what itsdangerous and Django put before a signature: base64url, and with a dot before it
 * where zlib made it shorter. Python's zlib makes other bytes than Node's, which say the same.
 */
export function payloadOf(document: string): string {
  const plain = Buffer.from(document);
  const packed = deflateSync(plain);
  const isShorter = packed.length < plain.length - 1;
  return isShorter ? `.${packed.toString("base64url")}` : plain.toString("base64url");
}

/** Reads what {@link payloadOf} or Python wrote, and inflates no more than a document may hold. */
export function readPayload(payload: string): PayloadReading {
  if (payload.length > MAX_PAYLOAD_CHARACTERS) return { ok: false, reason: "tooLarge" };
  const isPacked = payload.startsWith(".");
  const bytes = decodedBase64url(isPacked ? payload.slice(1) : payload);
  if (bytes === undefined) return { ok: false, reason: "corrupt" };
  return isPacked ? inflated(bytes) : { ok: true, bytes };
}

function inflated(packed: Buffer): PayloadReading {
  try {
    return { ok: true, bytes: inflateSync(packed, { maxOutputLength: MAX_PAYLOAD_BYTES }) };
  } catch (error) {
    const isTooLarge = error instanceof RangeError;
    return { ok: false, reason: isTooLarge ? "tooLarge" : "corrupt" };
  }
}
