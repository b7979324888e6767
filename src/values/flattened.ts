import type { JsonValue } from "../core/json.ts";
import { isBase64, isOwnDigits, isOwnHref, isOwnIsoText, MAX_NUMBERS } from "./limits.ts";

/*
 * Devalue writes a value as a list of entries. The first one is the value; an array, an object, a Map
 * or a Set holds the places of what is inside. A list from a store may be anything, and Devalue reads
 * more than is stored here: it is asked only about lists that a value of ours could have made.
 */

/** As deep as a value may be: the first entry is one level. */
const MAX_DEPTH = 200;

/**
 * Whether a list of entries is one of a value that may be stored: of the kinds that there are and no
 * others, a tree (nothing stands twice, nothing contains itself), no deeper than values may be.
 */
export function isFlattened(entries: unknown): entries is readonly JsonValue[] {
  if (!Array.isArray(entries) || entries.length === 0 || isBytes(entries[0])) return false;
  const depths: (number | undefined)[] = [1];
  return entries.every((entry: JsonValue, at) => {
    const children = childrenOf(entry);
    const depth = depths[at];
    if (children === undefined || depth === undefined) return false;
    if (children.length > MAX_NUMBERS && hasManyNumbers(entry, children, entries)) return false;
    return children.every((child) => {
      if (!isPlace(child, entries) || !mayHold(entry, entries[child])) return false;
      const isNew = child > at && depths[child] === undefined;
      depths[child] ??= depth + 1;
      // Equal texts and numbers are written once.
      return isPrimitive(entries[child]) || (isNew && depth < depthFor(entries[child]));
    });
  });
}

function hasManyNumbers(
  entry: JsonValue,
  children: readonly JsonValue[],
  entries: readonly JsonValue[],
): boolean {
  const tag = tagOf(entry);
  if (tag !== "Map" && tag !== "Set") return false;
  const keys = tag === "Map" ? children.filter((_, index) => index % 2 === 0) : children;
  return keys.filter((key) => isNumber(entries[Number(key)])).length > MAX_NUMBERS;
}

function isNumber(entry: JsonValue | undefined): boolean {
  return typeof entry === "number" || tagOf(entry) === "BigInt";
}

/** Bytes are no level, and no value, of their own. */
function depthFor(child: JsonValue | undefined): number {
  return isBytes(child) ? MAX_DEPTH + 1 : MAX_DEPTH;
}

function isPlace(child: unknown, entries: readonly JsonValue[]): child is number {
  return (
    typeof child === "number" && Number.isInteger(child) && child >= 0 && child < entries.length
  );
}

/** Bytes are an entry inside another one, and nowhere else. */
function mayHold(entry: JsonValue, child: JsonValue | undefined): boolean {
  return (tagOf(entry) === "Uint8Array") === isBytes(child);
}

function isBytes(entry: JsonValue | undefined): boolean {
  return tagOf(entry) === "ArrayBuffer";
}

/** What stands for itself wherever it is: it has no identity. */
function isPrimitive(entry: JsonValue | undefined): boolean {
  return typeof entry !== "object" || entry === null || tagOf(entry) === "BigInt";
}

function tagOf(entry: JsonValue | undefined): string | undefined {
  const [tag] = Array.isArray(entry) ? entry : [];
  return typeof tag === "string" ? tag : undefined;
}

/** What an entry holds; `undefined` if it is none of ours. */
function childrenOf(entry: JsonValue): readonly JsonValue[] | undefined {
  if (typeof entry === "number") return Number.isFinite(entry) ? NOTHING : undefined;
  if (typeof entry !== "object" || entry === null) return NOTHING;
  if (!Array.isArray(entry)) return Object.values(entry);
  const tag = tagOf(entry);
  return tag === undefined ? entry : childrenOfTagged(tag, entry.slice(1));
}

const NOTHING: readonly JsonValue[] = [];

function childrenOfTagged(
  tag: string,
  rest: readonly JsonValue[],
): readonly JsonValue[] | undefined {
  switch (tag) {
    case "Set":
      return rest;
    case "Map":
      return rest.length % 2 === 0 ? rest : undefined;
    case "Uint8Array":
      return rest.length === 1 ? rest : undefined;
    default:
      return rest.length === 1 && LEAVES.get(tag)?.(rest[0]) === true ? NOTHING : undefined;
  }
}

const LEAVES: ReadonlyMap<string, (text: unknown) => boolean> = new Map([
  ["Date", isOwnIsoText],
  ["BigInt", isOwnDigits],
  ["URL", isOwnHref],
  ["ArrayBuffer", isBase64],
]);
