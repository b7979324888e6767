import type { Rejection } from "../../core/events.ts";

/** Longer than any `Cookie` header that servers take: no work is done for what is longer. */
export const MAX_CHARACTERS = 32_768;

/** What stands in a cookie as `encodeURIComponent` wrote it; `undefined` where that cannot be. */
export function cookieText(value: string): string | undefined {
  if (value.length > MAX_CHARACTERS) return undefined;
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** A key that may be asked of a store: what libraries draw, and what applications make of names. */
export function storedKey(text: string): { readonly key: string } | Rejection {
  return KEY.test(text) ? { key: text } : "malformed";
}

const KEY = /^[\x21-\x7e]{1,512}$/;
