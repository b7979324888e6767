import { createHash } from "node:crypto";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { dueTimesIn, editNotes, ofDueTimes } from "../../core/notes.ts";
import type { PyDict } from "../python/values.ts";
import { viewOf } from "../python/view.ts";

/** What stood under each key that is due, as far as it can be told from another value. */
export type DueValues = Readonly<Record<string, string>>;

/** Notes what stands under the keys that are due. */
export function dueValuesIn(dict: PyDict, keys: Iterable<string>): DueValues {
  const noted: [string, string][] = [];
  for (const key of keys) {
    const value = dict.get(key);
    if (value !== undefined) noted.push([key, sightOf(viewOf(value))]);
  }
  return Object.fromEntries(noted);
}

/**
 * The notes without the times of values that are others by now: the framework has put them there
 * since, and knows of no time.
 */
export function stillDue(
  notes: string | undefined,
  noted: DueValues | undefined,
  seen: (key: string) => JsonValue | undefined,
): string | undefined {
  const times = dueTimesIn(notes);
  if (times === undefined || noted === undefined) return notes;
  const isSame = (key: string): boolean => {
    const value = seen(key);
    return value !== undefined && noted[key] === sightOf(value);
  };
  const rest = [...times].filter(([key]) => isSame(key));
  return rest.length === times.size ? notes : editNotes(notes, [ofDueTimes(new Map(rest))]);
}

/** As the notes of facts are stored, where they have the form. */
export function dueValuesOf(stored: JsonValue | undefined): DueValues | undefined {
  if (typeof stored !== "object" || stored === null || Array.isArray(stored)) return undefined;
  const isText = Object.values(stored).every((value) => typeof value === "string");
  return isText ? (stored as DueValues) : undefined;
}

const SIGHT_LENGTH = 11;

/** 64 bits, whatever the order of keys, which formats may change. */
function sightOf(value: JsonValue): string {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    isObject(inner) ? sorted(inner) : inner,
  );
  return createHash("sha256").update(text).digest("base64url").slice(0, SIGHT_LENGTH);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
