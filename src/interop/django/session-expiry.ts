import type { EpochMs } from "../python/time-bounds.ts";
import { type PyDict, PyFloat, PyMoment, type PyValue } from "../python/values.ts";

/**
 * When a session of Django's ends, as its key `_session_expiry` says: by the project's settings, with
 * the browser (the record lives on for `SESSION_COOKIE_AGE`), so many seconds after its last change,
 * or at an instant. A `naive` time is one of the server's own clock, whose zone it does not say.
 */
export type SessionExpiry =
  | { readonly kind: "default" }
  | { readonly kind: "browserClose" }
  | { readonly kind: "afterSeconds"; readonly seconds: number }
  | { readonly kind: "at"; readonly at: EpochMs }
  | { readonly kind: "naive"; readonly iso: string }
  | { readonly kind: "malformed" };

const MALFORMED: SessionExpiry = Object.freeze({ kind: "malformed" });
const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?([+-]\d\d:\d\d)?$/;

/** Reads what `set_expiry` left in a session, in all the forms that Django has had. */
export function sessionExpiry(session: PyDict): SessionExpiry {
  const value = session.get("_session_expiry");
  if (value === undefined || value === null) return { kind: "default" };
  if (typeof value === "number") return seconds(value);
  if (value instanceof PyFloat) return seconds(value.value);
  if (typeof value === "string") return instant(value);
  return value instanceof PyMoment && value.kind === "datetime" ? instant(value.iso) : MALFORMED;
}

/** What `set_expiry` puts in a session since Django 4.1; `undefined` where it takes the key away. */
export function expiryValue(
  expiry: SessionExpiry & { readonly kind: "default" | "browserClose" | "afterSeconds" | "at" },
): PyValue | undefined {
  switch (expiry.kind) {
    case "default":
      return undefined;
    case "browserClose":
      return 0;
    case "afterSeconds":
      return Math.trunc(expiry.seconds);
    case "at":
      return isoText(expiry.at);
    default:
      return expiry satisfies never;
  }
}

function seconds(value: number): SessionExpiry {
  if (!Number.isFinite(value)) return MALFORMED;
  return value === 0 ? { kind: "browserClose" } : { kind: "afterSeconds", seconds: value };
}

function instant(iso: string): SessionExpiry {
  const offset = ISO.exec(iso);
  if (offset === null) return MALFORMED;
  if (offset[1] === undefined) return { kind: "naive", iso };
  const at = Date.parse(iso.replace(" ", "T"));
  return Number.isNaN(at) ? MALFORMED : { kind: "at", at };
}

/** As `isoformat()` lays out an instant of Greenwich. */
function isoText(at: EpochMs): string {
  const iso = new Date(at).toISOString();
  return iso.replace(".000Z", "+00:00").replace(/(\.\d{3})Z$/, "$1000+00:00");
}
