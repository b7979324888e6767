import { OptionsError } from "../../core/errors.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";

/** `value` where it is a text that is not empty. */
export function requiredText(option: string, value: unknown): string {
  if (typeof value === "string" && value !== "" && value.isWellFormed()) return value;
  throw new OptionsError(option, "must be a text, and not empty.");
}

/** `value` where it can be a secret of Python's: text or bytes, and not empty. */
export function requiredSecret(option: string, value: PySecret | undefined): PySecret {
  const isText = typeof value === "string" && value.isWellFormed();
  if ((isText || value instanceof Uint8Array) && value.length > 0) return value;
  throw new OptionsError(option, "must be the framework's own secret: text or bytes, not empty.");
}

/** `value` where it is a list of secrets. */
export function secretList(option: string, value: readonly PySecret[]): readonly PySecret[] {
  if (!Array.isArray(value)) throw new OptionsError(option, "must be a list of secrets.");
  return value.map((secret, place) => requiredSecret(`${option}[${place}]`, secret));
}
