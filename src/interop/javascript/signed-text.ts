import { createHmac } from "node:crypto";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";
import { isSameText } from "../python/same-text.ts";

/** How a library signs. */
export interface Signing {
  /** The first signs, all are believed. */
  readonly secrets: readonly PySecret[];
  readonly algorithm: string;
  /** Standard base64, without its padding or with it, or that of URLs. */
  readonly encoding: "base64" | "unpadded" | "base64url";
}

/** The text before the last dot, where what is behind it signs it; `undefined` where it does not. */
export function unsigned(text: string, signing: Signing): string | undefined {
  const dot = text.lastIndexOf(".");
  if (dot < 1) return undefined;
  const value = text.slice(0, dot);
  return isSigned(value, text.slice(dot + 1), signing) ? value : undefined;
}

/** Whether one of the secrets makes this signature of a text. */
export function isSigned(text: string, signature: string, signing: Signing): boolean {
  const { secrets, algorithm, encoding } = signing;
  return secrets.some((secret) => {
    const mac = createHmac(algorithm, secret).update(text);
    const written = mac.digest(encoding === "unpadded" ? "base64" : encoding);
    return isSameText(signature, encoding === "unpadded" ? written.replace(/=+$/, "") : written);
  });
}
