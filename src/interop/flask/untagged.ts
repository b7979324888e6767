import { decodedBase64 } from "../python/base64url.ts";
import {
  PyBytes,
  PyDict,
  type PyEntry,
  PyMoment,
  PyText,
  PyTuple,
  type PyValue,
} from "../python/values.ts";
import { readHttpDate } from "./http-date.ts";
import { isTag, TAG } from "./tags.ts";

/**
 * The value that Flask's tags stand for, from the innermost outwards, as Flask reads it. `undefined`
 * where a tag holds what Flask never writes in it.
 */
export function untagged(value: PyValue): PyValue | undefined {
  if (value instanceof PyDict) return untaggedDict(value);
  return isList(value) ? untaggedList(value) : value;
}

function untaggedList(list: readonly PyValue[]): readonly PyValue[] | undefined {
  const items: PyValue[] = [];
  for (const each of list) {
    const item = untagged(each);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

function untaggedDict(dict: PyDict): PyValue | undefined {
  const entries: PyEntry[] = [];
  for (const [key, each] of dict.entries) {
    const value = untagged(each);
    if (value === undefined) return undefined;
    entries.push([key, value]);
  }
  const [first] = entries;
  if (first === undefined || entries.length > 1 || !isTag(first[0])) return new PyDict(entries);
  return READERS[first[0]](first[1]);
}

const READERS: Readonly<
  Record<(typeof TAG)[keyof typeof TAG], (value: PyValue) => PyValue | undefined>
> = {
  [TAG.dict]: innerDict,
  [TAG.tuple]: (value) => (isList(value) ? new PyTuple(value) : undefined),
  [TAG.bytes]: bytesIn,
  [TAG.markup]: (value) => (typeof value === "string" ? new PyText("markup", value) : undefined),
  [TAG.uuid]: uuidIn,
  [TAG.datetime]: momentIn,
};

function isList(value: PyValue): value is readonly PyValue[] {
  return Array.isArray(value);
}

/** A dict whose only key would pass for a tag: it was written with two more characters. */
function innerDict(value: PyValue): PyDict | undefined {
  if (!(value instanceof PyDict) || value.entries.length !== 1) return undefined;
  const [[key, inner] = []] = value.entries;
  if (typeof key !== "string" || inner === undefined) return undefined;
  const plain = key.slice(0, -2);
  return key.endsWith("__") && isTag(plain) ? new PyDict([[plain, inner]]) : undefined;
}

function bytesIn(value: PyValue): PyBytes | undefined {
  const bytes = typeof value === "string" ? decodedBase64(value) : undefined;
  return bytes && new PyBytes(bytes);
}

function uuidIn(value: PyValue): PyText | undefined {
  if (typeof value !== "string" || !/^[0-9a-f]{32}$/.test(value)) return undefined;
  const [, ...parts] = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(value) ?? [];
  return new PyText("uuid", parts.join("-"));
}

function momentIn(value: PyValue): PyMoment | undefined {
  const iso = typeof value === "string" ? readHttpDate(value) : undefined;
  return iso === undefined ? undefined : new PyMoment("datetime", iso);
}
