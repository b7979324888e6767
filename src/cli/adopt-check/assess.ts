import { jsonSession, payloadSession } from "../../interop/django/django-json.ts";
import { DjangoSessionData } from "../../interop/django/django-session-data.ts";
import { decodedBase64 } from "../../interop/python/base64url.ts";
import { PyDict, type PyValue } from "../../interop/python/values.ts";
import { type BeyondJson, beyondJson } from "../inspect/beyond-json.ts";
import { storedValue } from "../inspect/stored-value.ts";
import type { NamedKey } from "../keys.ts";
import { MAX_ROW_BYTES, type StoredRow } from "./stored-row.ts";

/** What would become of one record. */
export type Assessment =
  | {
      readonly comes: true;
      /** How it is stored, in words. */
      readonly kind: string;
      readonly isSignedIn: boolean;
      /** What would come as tagged objects. */
      readonly beyond: readonly BeyondJson[];
    }
  | { readonly comes: false; readonly kind: string; readonly why: string };

const MOST_BEYOND = 50;
const SIGNED = /^(\.?[\w-]+):[0-9A-Za-z]{1,9}:[\w-]{27,43}$/;
const USER_KEYS: readonly string[] = ["_auth_user_id", "_user_id", "user_id"];

/** Says whether a record would come over, and what of it JSON has no word for. */
export function assessed(row: StoredRow, keys: readonly NamedKey[], now: number): Assessment {
  if (row.bytes.length > MAX_ROW_BYTES) return refused("unread", "larger than 2 MiB");
  if (row.expiresAt !== undefined && row.expiresAt <= now) return refused("any", "expired");
  const text = row.bytes.length > 0 && row.bytes[0] !== 0x80 ? row.bytes.toString("utf8") : "";
  return signedData(text, keys) ?? legacyData(text, keys) ?? unsigned(row.bytes, text, now);
}

/** Django's `session_data`. Without a key its signature is not looked at. */
function signedData(text: string, keys: readonly NamedKey[]): Assessment | undefined {
  const payload = SIGNED.exec(text)?.[1];
  if (payload === undefined) return undefined;
  const kind = "Django session_data";
  if (!isSigned(text, keys)) return refused(kind, OTHER_SECRET);
  const inside = payloadSession(payload);
  if (typeof inside !== "string") return coming(kind, inside);
  return refused(kind, inside === "tooLarge" ? "more than 1 MiB inflated" : "holds no session");
}

const OTHER_SECRET = "signed with another secret, or changed";

function legacyData(text: string, keys: readonly NamedKey[]): Assessment | undefined {
  const bytes = decodedBase64(text);
  if (bytes === undefined || !/^[0-9a-f]{40}:/.test(bytes.toString("latin1", 0, 41))) {
    return undefined;
  }
  const kind = "Django session_data of before 3.1";
  if (!isSigned(text, keys)) return refused(kind, OTHER_SECRET);
  const session = jsonSession(bytes.subarray(41));
  return session === undefined ? refused(kind, "holds no session") : coming(kind, session);
}

function isSigned(text: string, keys: readonly NamedKey[]): boolean {
  if (keys.length === 0) return true;
  return keys.some(({ secret }) => {
    const data = new DjangoSessionData({ secretKey: secret, version: "3.1" });
    const reading = data.read(text);
    return reading.ok || reading.reason === "corrupt" || reading.reason === "tooLarge";
  });
}

/** A database cache of Django's keeps its pickles as base64. */
function unsigned(bytes: Buffer, text: string, now: number): Assessment {
  const inText = /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text) ? text.replace(/\s+/g, "") : "";
  const stored = storedValue(bytes) ?? storedValue(decodedBase64(inText) ?? Buffer.alloc(0));
  if (stored === undefined) return refused("unknown", "in no format that is known");
  const { title, content, expiresAt } = stored;
  if (expiresAt !== undefined && expiresAt <= now) return refused(title, "expired");
  return content.ok ? coming(title, content.value) : refused(title, content.reason);
}

function coming(kind: string, value: PyValue): Assessment {
  if (!(value instanceof PyDict)) return refused(kind, "no dict, so no session");
  const isSignedIn = USER_KEYS.some((key) => (value.get(key) ?? null) !== null);
  return { comes: true, kind, isSignedIn, beyond: beyondJson(value, MOST_BEYOND, "alike") };
}

function refused(kind: string, why: string): Assessment {
  return { comes: false, kind, why };
}
