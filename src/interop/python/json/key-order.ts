import { type PyDict, type PyEntry, PyFloat, PyText } from "../values.ts";

/** The entries of a dict sorted by key as Python sorts them, unless it cannot compare the keys. */
export function sortedEntries(dict: PyDict): readonly PyEntry[] | undefined {
  const { entries } = dict;
  if (entries.length < 2) return entries;
  const texts = entries.map(([key]) => asText(key));
  if (texts.every((text) => text !== undefined)) return sortedBy(texts, entries, byCodePoint);
  const numbers = entries.map(([key]) => asNumber(key));
  if (numbers.every((number) => number !== undefined)) return sortedBy(numbers, entries, byNumber);
  return undefined;
}

function sortedBy<Key>(
  keys: readonly Key[],
  entries: readonly PyEntry[],
  compare: (one: Key, other: Key) => number,
): readonly PyEntry[] {
  const pairs = entries.map((entry, index) => ({ key: keys[index] as Key, entry }));
  return pairs.sort((one, other) => compare(one.key, other.key)).map(({ entry }) => entry);
}

function asText(key: PyEntry[0]): string | undefined {
  if (typeof key === "string") return key;
  return key instanceof PyText && key.kind === "markup" ? key.text : undefined;
}

function asNumber(key: PyEntry[0]): number | bigint | undefined {
  if (typeof key === "number" || typeof key === "bigint") return key;
  if (typeof key === "boolean") return Number(key);
  return key instanceof PyFloat ? key.value : undefined;
}

function byNumber(one: number | bigint, other: number | bigint): number {
  if (one < other) return -1;
  return one > other ? 1 : 0;
}

/** JavaScript compares by UTF-16 unit, which puts U+1F600 before U+FFEE. */
function byCodePoint(one: string, other: string): number {
  const [left, right] = [[...one], [...other]];
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index++) {
    const difference = codePoint(left[index]) - codePoint(right[index]);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function codePoint(character: string | undefined): number {
  return character?.codePointAt(0) ?? -1;
}
