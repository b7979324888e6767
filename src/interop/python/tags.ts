import type { JsonObject, JsonValue } from "../../core/json.ts";
import {
  PyBytes,
  PyDict,
  PyFloat,
  PyMoment,
  PySet,
  PyText,
  PyTimedelta,
  PyTuple,
  type PyValue,
} from "./values.ts";

/**
 * What JSON has no word for is one entry of an object here, under a key of its kind:
 * `{ "$datetime": "2026-11-27T09:30:00+00:00" }`.
 */
type Tag =
  | "$int"
  | "$float"
  | "$tuple"
  | "$set"
  | "$frozenset"
  | "$dict"
  | "$bytes"
  | "$uuid"
  | "$decimal"
  | "$markup"
  | "$datetime"
  | "$date"
  | "$time"
  | "$timedelta";

/** What is made of the values within a tagged one, and how they were seen. */
export interface Inner {
  make(json: JsonValue, path: string, before: PyValue | undefined): PyValue;
  view(value: PyValue): JsonValue;
  /** What stood in the tagged value's place. */
  readonly before: PyValue | undefined;
}

/** Makes a value of what stands under a tag; `undefined` where that has not the tag's form. */
type Untag = (payload: JsonValue, inner: Inner, path: string) => PyValue | undefined;

/** Of no more digits than Python makes an int of. */
const ENTRY = /^-?(?:0|[1-9][0-9]{0,4299})$/;

/** The kinds that an application may write here, and how each is read. */
export const UNTAG: Readonly<Record<Tag, Untag>> = {
  $int: (digits) => (typeof digits === "string" && ENTRY.test(digits) ? intOf(digits) : undefined),
  $float: (text) => floatOf(text),
  $tuple: (items, inner, path) => {
    const values = itemsOf(items, inner, path);
    return values && new PyTuple(values);
  },
  $set: (items, inner, path) => {
    const values = allHashable(itemsOf(items, inner, path));
    return values && new PySet("set", values);
  },
  $frozenset: (items, inner, path) => {
    const values = allHashable(itemsOf(items, inner, path));
    return values && new PySet("frozenset", values);
  },
  $dict: (pairs, inner, path) => dictOf(pairs, inner, path),
  $bytes: (text) => bytesOf(text),
  $uuid: (text) => textOf("uuid", text, /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  $decimal: (text) => textOf("decimal", text, DECIMAL),
  $markup: (text) => textOf("markup", text, /^/),
  $datetime: (iso) => momentOf("datetime", iso),
  $date: (iso) => momentOf("date", iso),
  $time: (iso) => momentOf("time", iso),
  $timedelta: (parts) => timedeltaOf(parts),
};

const DECIMAL = /^-?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|Infinity|s?NaN\d*)$/;
const DATE = String.raw`\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])`;
const OFFSET = String.raw`[+-](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{6})?)?`;
const TIME = String.raw`(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{6})?(?:${OFFSET})?`;
const FORMS: Readonly<Record<PyMoment["kind"], RegExp>> = {
  datetime: new RegExp(`^${DATE}T${TIME}$`),
  date: new RegExp(`^${DATE}$`),
  time: new RegExp(`^${TIME}$`),
};

/** Whether a key may be a tag's, so that an entry of a dict under it must not stand alone. */
export function looksLikeTag(key: string): boolean {
  return key.startsWith("$");
}

/** The value under its tag, where it has one. */
export function tagged(
  value: Exclude<PyValue, null | boolean | number | string | readonly PyValue[]>,
  view: (value: PyValue) => JsonValue,
): JsonValue {
  if (typeof value === "bigint") return { $int: value.toString() };
  if (value instanceof PyFloat) return floatView(value.value);
  // What is made of it stays a tuple where it was one.
  if (value instanceof PyTuple) return value.items.map(view);
  if (value instanceof PySet) return { [`$${value.kind}`]: value.items.map(view) };
  if (value instanceof PyDict) return dictView(value, view);
  if (value instanceof PyBytes) return { $bytes: Buffer.from(value.bytes).toString("base64") };
  if (value instanceof PyTimedelta) {
    const { days, seconds, microseconds } = value;
    return { $timedelta: { days, seconds, microseconds } };
  }
  if (value instanceof PyMoment) return { [`$${value.kind}`]: value.iso };
  return { [`$${value.kind}`]: value.text };
}

function floatView(value: number): JsonValue {
  if (Number.isFinite(value)) return value;
  return { $float: Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf" };
}

function dictView({ entries }: PyDict, view: (value: PyValue) => JsonValue): JsonValue {
  const [first] = entries;
  const isMistakable = entries.length === 1 && isTagLike(first?.[0]);
  if (isMistakable || !entries.every(([key]) => isPlainKey(key))) {
    return { $dict: entries.map(([key, value]) => [view(key), view(value)]) };
  }
  const object: JsonObject = {};
  for (const [key, value] of entries) object[String(key)] = view(value);
  return object;
}

/** Whether a key of a dict may be one of an object. */
export function isPlainKey(key: PyValue): key is string {
  return typeof key === "string" && key !== "__proto__";
}

function isTagLike(key: PyValue | undefined): boolean {
  return typeof key === "string" && looksLikeTag(key);
}

/** An int of digits, a number where it is safe. */
function intOf(digits: string): number | bigint {
  const value = Number(digits);
  if (!Number.isSafeInteger(value)) return BigInt(digits);
  return value === 0 ? 0 : value;
}

function floatOf(text: JsonValue): PyFloat | undefined {
  if (typeof text === "number") return new PyFloat(text);
  const words: Readonly<Record<string, number>> = {
    nan: Number.NaN,
    inf: Number.POSITIVE_INFINITY,
    "-inf": Number.NEGATIVE_INFINITY,
  };
  const value = typeof text === "string" ? words[text] : undefined;
  return value === undefined ? undefined : new PyFloat(value);
}

function itemsOf(items: JsonValue, inner: Inner, path: string): readonly PyValue[] | undefined {
  if (!Array.isArray(items)) return undefined;
  const { before } = inner;
  const earlier = bySight(before instanceof PySet ? before.items : [], inner);
  return items.map((item, index) =>
    inner.make(item, `${path}[${index}]`, earlier.get(JSON.stringify(item))),
  );
}

function dictOf(pairs: JsonValue, inner: Inner, path: string): PyDict | undefined {
  if (!Array.isArray(pairs)) return undefined;
  const before = inner.before instanceof PyDict ? inner.before : undefined;
  const keys = bySight(before?.entries.map(([key]) => key) ?? [], inner);
  const values = new Map(before?.entries);
  const entries: [PyValue, PyValue][] = [];
  for (const [index, pair] of pairs.entries()) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const [key = null, value = null] = pair;
    const place = `${path}[${index}]`;
    const earlier = keys.get(JSON.stringify(key));
    const hashed = earlier ?? hashable(inner.make(key, place, undefined));
    if (hashed === undefined) return undefined;
    entries.push([hashed, inner.make(value, place, values.get(earlier ?? hashed))]);
  }
  return new PyDict(entries, before?.kind);
}

/** Earlier values by what the application has seen of them: one that it still shows is the same. */
function bySight(values: readonly PyValue[], { view }: Inner): ReadonlyMap<string, PyValue> {
  return new Map(values.map((value) => [JSON.stringify(view(value)), value]));
}

/** A value as Python can look it up: a list there can only have been a tuple, and a dict is none. */
function hashable(value: PyValue): PyValue | undefined {
  const items = value instanceof PyTuple ? value.items : value;
  if (Array.isArray(items)) {
    const values = allHashable(items);
    return values && new PyTuple(values);
  }
  const isNone = value instanceof PyDict || (value instanceof PySet && value.kind === "set");
  return isNone ? undefined : value;
}

function allHashable(values: readonly PyValue[] | undefined): readonly PyValue[] | undefined {
  const hashed = values?.map(hashable);
  return hashed?.every((value) => value !== undefined) ? hashed : undefined;
}

function bytesOf(text: JsonValue): PyBytes | undefined {
  if (typeof text !== "string") return undefined;
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? new PyBytes(bytes) : undefined;
}

function textOf(kind: PyText["kind"], text: JsonValue, form: RegExp): PyText | undefined {
  return typeof text === "string" && form.test(text) ? new PyText(kind, text) : undefined;
}

function momentOf(kind: PyMoment["kind"], iso: JsonValue): PyMoment | undefined {
  return typeof iso === "string" && FORMS[kind].test(iso) ? new PyMoment(kind, iso) : undefined;
}

function timedeltaOf(parts: JsonValue): PyTimedelta | undefined {
  if (typeof parts !== "object" || parts === null || Array.isArray(parts)) return undefined;
  const {
    days = 0,
    seconds = 0,
    microseconds = 0,
  } = parts as { readonly [key: string]: JsonValue };
  const isWithin = (part: JsonValue, least: number, below: number): part is number =>
    Number.isInteger(part) && Number(part) >= least && Number(part) < below;
  if (!isWithin(days, -999_999_999, 1_000_000_000)) return undefined;
  if (!isWithin(seconds, 0, 86_400) || !isWithin(microseconds, 0, 1_000_000)) return undefined;
  return new PyTimedelta(days, seconds, microseconds);
}
