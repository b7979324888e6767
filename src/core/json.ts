import { CodecError, OptionsError } from "./errors.ts";

/** What JSON carries unchanged. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** A JSON object that may be changed. */
export type JsonObject = { [key: string]: JsonValue };

/** Deeper than any sensible session, shallower than the stack. */
const MAX_DEPTH = 200;

/** With what lies around a value: the document, or the list of messages. */
const MAX_STORED_DEPTH = MAX_DEPTH + 3;

/** Each level takes two characters, and the stack has room for more levels than such a text has. */
const MAX_HARMLESS_LENGTH = 4_000;

/** The one key that plain objects cannot hold safely: copied naively, it changes a prototype. */
const POISONED_KEY = "__proto__";

/**
 * The only key of an object that stands for a value beyond JSON. No key of an application may be the
 * same. Its control character is an escape in JSON text, so that whoever looks for a hidden poisoned
 * key comes across it, and nobody else has to.
 */
export const BEYOND_JSON_KEY = "\u0001devalue";

/**
 * Admits values beyond JSON: called for each BigInt, array and object, it returns `true` if it
 * answers for the value, having called {@link checkStorable} with the same ancestors for what is
 * inside.
 */
export type Admit = (value: unknown, path: string, ancestors: object[]) => boolean;

/**
 * The JSON text of a value, which reads back as the same value (but for `-0`, which equals `0`).
 *
 * @throws {@link CodecError} naming the key path of what JSON would change or lose.
 */
export function encode(value: unknown, path: string): string {
  refuseForeign(value, path, [], undefined);
  return JSON.stringify(value);
}

/**
 * Refuses what could not be stored.
 *
 * @param admit - What may be stored beside plain data.
 * @throws {@link CodecError} naming the key path.
 */
export function checkStorable(
  value: unknown,
  path: string,
  admit: Admit,
  ancestors: object[] = [],
): void {
  refuseForeign(value, path, ancestors, admit);
}

/** Whether JSON carries the value unchanged. */
export function isStorable(value: unknown): boolean {
  try {
    refuseForeign(value, "", [], undefined);
    return true;
  } catch {
    return false;
  }
}

/**
 * A deep copy. Several times as fast as `structuredClone`, which is left what is no plain data: a
 * schema may have made a Date of a text.
 */
export function copyOf<T>(value: T): T;
export function copyOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => copyOf(item));
  const isPlain = Object.getPrototypeOf(value) === Object.prototype || prototypeDepth(value) < 2;
  return isPlain ? copyOfFields(value as Record<string, unknown>) : structuredClone(value);
}

function copyOfFields(value: Record<string, unknown>): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = copyOf(value[key]);
  return copy;
}

/** The chosen keys of a document. */
export function pick<V>(
  document: Readonly<Record<string, V>>,
  keys: Iterable<string>,
): Record<string, V> {
  const picked: Record<string, V> = {};
  for (const key of keys) {
    const value = own(document, key);
    if (value !== undefined) picked[key] = value;
  }
  return picked;
}

/** The document's own value: `constructor` and the like are not inherited. */
export function own<V>(document: Readonly<Record<string, V>>, key: string): V | undefined {
  return Object.hasOwn(document, key) ? document[key] : undefined;
}

/** Whether a value has keys, or items. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The JSON text of anything, or `undefined` where there is none: to compare by, not to store. */
export function looseText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** Refuses keys that cannot be kept safely. */
export function checkKey(key: unknown, path: string): void {
  if (typeof key !== "string") throw new CodecError(path, "a key must be a string.");
  if (key === POISONED_KEY) {
    throw new CodecError(path, `"${POISONED_KEY}" cannot be a key. Choose another name.`, "input");
  }
  if (key === BEYOND_JSON_KEY) {
    throw new CodecError(path, "it marks values beyond JSON. Choose another name.", "input");
  }
}

/** A key as a path shows it, whatever it is. */
export function describeKey(key: unknown): string {
  return typeof key === "string" ? key : `(${typeof key})`;
}

/** Reads a stored JSON object; `undefined` when the text is anything else. */
export function parseObject(text: string): JsonObject | undefined {
  return asObject(parse(text));
}

/** It, if it is an object. */
export function asObject(value: JsonValue | undefined): JsonObject | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : undefined;
}

/**
 * Reads stored JSON; `undefined` when the text is none, or nested so deep that nothing could be done
 * with it. Poisoned keys are dropped.
 */
export function parse(text: string): JsonValue | undefined {
  // The reviver costs ten times the parse, so only suspicious text pays for it.
  return parseBy(text, isSuspicious(text) ? withoutPoison : undefined);
}

/**
 * As {@link parse}, of data that holds nothing beyond JSON.
 *
 * @throws {@link OptionsError} if it does: read as JSON, a Map would be some list.
 */
export function parsePlain(text: string): JsonValue | undefined {
  return parseBy(text, isSuspicious(text) ? plainWithoutPoison : undefined);
}

/** As {@link parse}, of data that may hold values beyond JSON. */
export function parseMarked(text: string): JsonValue | undefined {
  return parseBy(text, hidesPoison(text) ? withoutPoison : undefined);
}

function parseBy(text: string, reviver: typeof withoutPoison | undefined): JsonValue | undefined {
  try {
    const value = JSON.parse(text, reviver);
    const isTooDeep = text.length > MAX_HARMLESS_LENGTH && isDeeper(value, MAX_STORED_DEPTH);
    return isTooDeep ? undefined : value;
  } catch (error) {
    if (error instanceof OptionsError) throw error;
    return undefined;
  }
}

/** Whether a value has more levels: those of 100,000 would be too many for the stack. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const inner of Object.values(value)) if (isDeeper(inner, levels - 1)) return true;
  return false;
}

/** Whether the poisoned key may be in there, plain or with escapes for some of its letters. */
function isSuspicious(text: string): boolean {
  return text.includes(POISONED_KEY) || text.includes("\\u00");
}

/** The same, where an escaped control character is nothing unusual: letters have others. */
function hidesPoison(text: string): boolean {
  return text.includes(POISONED_KEY) || /\\u00[2-7]/.test(text);
}

function plainWithoutPoison(key: string, value: unknown): unknown {
  if (key === BEYOND_JSON_KEY) {
    throw new OptionsError(
      "values",
      "a session holds values beyond JSON, such as a Date or a Map. Write values: " +
        'richValues(devalue), of "sojourn/values", wherever its data is read.',
    );
  }
  return withoutPoison(key, value);
}

function withoutPoison(key: string, value: unknown): unknown {
  return key === POISONED_KEY ? undefined : value;
}

function refuseForeign(
  value: unknown,
  path: string,
  ancestors: object[],
  admit: Admit | undefined,
): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (Number.isFinite(value)) return;
      throw new CodecError(path, `${value} has no JSON form. Store null or a finite number.`);
    case "object":
      if (value !== null) refuseForeignObject(value, path, ancestors, admit);
      return;
    case "undefined":
      throw new CodecError(path, "undefined has no JSON form. Use null, or delete the key.");
    case "bigint":
      if (admit?.(value, path, ancestors) === true) return;
      throw new CodecError(path, "a BigInt has no JSON form. Store it as a string.");
    default:
      throw new CodecError(path, `a ${typeof value} has no JSON form. Store plain data.`);
  }
}

/** Whether it is as most values are. Of those no path is put together. */
function isHarmless(value: unknown): boolean {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function refuseForeignObject(
  value: object,
  path: string,
  ancestors: object[],
  admit: Admit | undefined,
): void {
  if (ancestors.includes(value)) throw new CodecError(path, "it contains itself (a cycle).");
  if (ancestors.length >= MAX_DEPTH) {
    throw new CodecError(path, `it is nested more than ${MAX_DEPTH} levels deep.`, "input");
  }
  ancestors.push(value);
  if (admit?.(value, path, ancestors) === true) {
    ancestors.pop();
    return;
  }
  if (Array.isArray(value)) refuseForeignItems(value, path, ancestors, admit);
  else refuseForeignFields(value, path, ancestors, admit);
  ancestors.pop();
  if ("toJSON" in value && typeof value.toJSON === "function") {
    throw new CodecError(path, "it has a toJSON, which would store something else. Call it first.");
  }
}

function refuseForeignItems(
  items: readonly unknown[],
  path: string,
  ancestors: object[],
  admit: Admit | undefined,
): void {
  // A subclass of Array stands one prototype deeper than an array of any realm.
  if (prototypeDepth(items) !== 2 || Object.keys(items).length > items.length) {
    throw new CodecError(path, "it is an array with more than items. Store a plain array.");
  }
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index];
    if (!isHarmless(item)) refuseForeign(item, `${path}[${index}]`, ancestors, admit);
  }
}

function refuseForeignFields(
  value: object,
  path: string,
  ancestors: object[],
  admit: Admit | undefined,
): void {
  if (prototypeDepth(value) > 1) throw new CodecError(path, instanceAdvice(value));
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw new CodecError(path, "it has a symbol for a key, which JSON would lose.");
  }
  for (const [key, field] of Object.entries(value)) {
    const fieldPath = `${path}.${key}`;
    checkKey(key, fieldPath);
    // An optional property that is undefined reads back as absent, which is the same to its type.
    if (field !== undefined) refuseForeign(field, fieldPath, ancestors, admit);
  }
}

/** Counted rather than compared, so that objects of another realm count as plain too. */
function prototypeDepth(value: object): number {
  let depth = 0;
  let next: unknown = Object.getPrototypeOf(value);
  while (next !== null && depth < 3) {
    depth += 1;
    next = Object.getPrototypeOf(next);
  }
  return depth;
}

function instanceAdvice(value: object): string {
  if (value instanceof Date)
    return "a Date would become a string. Store getTime() or toISOString().";
  if (value instanceof Map) return "a Map would be lost. Store [...map] or an object.";
  if (value instanceof Set) return "a Set would be lost. Store [...set].";
  if (value instanceof Promise) return "a Promise cannot be stored. Await it first.";
  return `an instance of ${className(value)} would lose its class. Store a plain object.`;
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "a class";
}
