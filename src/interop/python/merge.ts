import { CodecError } from "../../core/errors.ts";
import type { JsonValue } from "../../core/json.ts";
import { looksLikeTag, UNTAG } from "./tags.ts";
import { PyDict, type PyEntry, PyFloat, PyTuple, type PyValue } from "./values.ts";
import { isList, viewOf } from "./view.ts";

/**
 * The value of Python's for what the application has made here of the view of an earlier one. What
 * it did not touch is the earlier value itself; what stands in the place of a tuple or a float
 * stays one.
 *
 * @param before - What stood there; `undefined` where nothing did.
 * @throws {@link CodecError} naming the key path of a tagged object that no value of Python's has.
 */
export function merged(before: PyValue | undefined, json: JsonValue, path: string): PyValue {
  if (json === null || typeof json === "boolean" || typeof json === "string") return json;
  if (typeof json === "number") return numberOf(before, json);
  return isArray(json) ? listOf(before, json, path) : objectOf(before, json, path);
}

function isArray(json: JsonValue): json is readonly JsonValue[] {
  return Array.isArray(json);
}

type ReadonlyObject = { readonly [key: string]: JsonValue };

function numberOf(before: PyValue | undefined, json: number): PyValue {
  if (before instanceof PyFloat) return before.value === json ? before : new PyFloat(json);
  return Number.isSafeInteger(json) && !Object.is(json, -0) ? json : new PyFloat(json);
}

function listOf(before: PyValue | undefined, json: readonly JsonValue[], path: string): PyValue {
  const isTuple = before instanceof PyTuple;
  const earlier = isTuple ? before.items : isList(before) ? before : [];
  const partners = partnersOf(earlier, json);
  const items = json.map((item, index) => merged(partners(index), item, `${path}[${index}]`));
  const isKept = (isTuple || isList(before)) && isSameItems(earlier, items);
  if (isKept) return before;
  return isTuple ? new PyTuple(items) : items;
}

/** Which earlier item each item continues: an equal one, in its place or elsewhere, or else the one in its place. */
function partnersOf(
  earlier: readonly PyValue[],
  json: readonly JsonValue[],
): (index: number) => PyValue | undefined {
  if (earlier.length === 0) return () => undefined;
  const texts = earlier.map((item) => JSON.stringify(viewOf(item)));
  const wanted = json.map((item) => JSON.stringify(item));
  const stays = (index: number): boolean =>
    earlier.length === json.length && wanted[index] === texts[index];
  const free = new Map<string, number[]>();
  for (let place = texts.length - 1; place >= 0; place -= 1) {
    if (stays(place)) continue;
    const text = texts[place] ?? "";
    const equal = free.get(text);
    if (equal === undefined) free.set(text, [place]);
    else equal.push(place);
  }
  const equals = wanted.map((text, index) => (stays(index) ? index : free.get(text)?.pop()));
  const taken = new Set(equals);
  return (index) => {
    const place = equals[index] ?? (taken.has(index) ? undefined : index);
    return place === undefined ? undefined : earlier[place];
  };
}

function objectOf(before: PyValue | undefined, json: ReadonlyObject, path: string): PyValue {
  const [tag, ...others] = Object.keys(json);
  if (tag !== undefined && others.length === 0 && looksLikeTag(tag)) {
    return taggedOf(before, tag, json, path);
  }
  return dictOf(before instanceof PyDict ? before : NOTHING, json, path);
}

function taggedOf(
  before: PyValue | undefined,
  tag: string,
  json: ReadonlyObject,
  path: string,
): PyValue {
  // What names a zone, for one, is more than its view says.
  if (before !== undefined && isSame(viewOf(before), json)) return before;
  const untag = Object.hasOwn(UNTAG, tag) ? UNTAG[tag as keyof typeof UNTAG] : undefined;
  const make = (item: JsonValue, place: string, earlier: PyValue | undefined): PyValue =>
    merged(earlier, item, place);
  const value = untag?.(json[tag] ?? null, { make, view: viewOf, before }, path);
  if (value !== undefined) return value;
  throw new CodecError(
    path,
    untag === undefined
      ? `"${tag}" is the name of no kind of Python's. A dict with such a key is written { $dict: [[key, value]] }.`
      : `it is not of the form that "${tag}" has.`,
    // Any JSON may hold such a key, a visitor's too.
    "input",
  );
}

const NOTHING = new PyDict([]);

/** The dict of an object, in the order of the earlier one. */
export function dictOf(before: PyDict, json: ReadonlyObject, path: string): PyDict {
  const entries: PyEntry[] = [];
  const known = new Set<PyValue>();
  for (const [key, value] of before.entries) {
    if (typeof key !== "string" || !Object.hasOwn(json, key)) continue;
    known.add(key);
    entries.push([key, merged(value, json[key] ?? null, placeOf(path, key))]);
  }
  for (const [key, value] of Object.entries(json)) {
    if (!known.has(key)) entries.push([key, merged(undefined, value, placeOf(path, key))]);
  }
  return isSameItems(before.entries.flat(), entries.flat())
    ? before
    : new PyDict(entries, before.kind);
}

/** Whether nothing has changed: then the earlier value itself goes on. */
function isSameItems(earlier: readonly PyValue[], items: readonly PyValue[]): boolean {
  return earlier.length === items.length && items.every((item, index) => item === earlier[index]);
}

function placeOf(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function isSame(one: JsonValue, other: JsonValue): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
