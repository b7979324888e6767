import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto";

/** What signs a cookie: anything that `crypto.createHmac` takes as a key. */
export type Secret = string | NodeJS.ArrayBufferView | KeyObject;

/** `value.signature`, as the package cookie-signature writes it. */
export function sign(value: string, secret: Secret): string {
  return `${value}.${signatureOf(value, secret)}`;
}

/** The value that the secret has signed, or `undefined`. */
export function unsign(text: string, secret: Secret): string | undefined {
  const dot = text.lastIndexOf(".");
  if (dot === -1) return undefined;
  const value = text.slice(0, dot);
  const given = Buffer.from(text.slice(dot + 1));
  const due = Buffer.from(signatureOf(value, secret));
  return due.length === given.length && timingSafeEqual(due, given) ? value : undefined;
}

/** Base64 without its padding, not base64url: cookies out there are signed so. */
function signatureOf(value: string, secret: Secret): string {
  const digest = createHmac("sha256", secret as string)
    .update(value)
    .digest("base64");
  return digest.slice(0, digest.indexOf("="));
}
