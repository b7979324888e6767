import type { JsonObject } from "../../core/json.ts";
import type { ForeignDocument } from "../foreign/foreign-sessions.ts";
import { MAX_JSON_DEPTH } from "../python/json/bounds.ts";
import { readPyJson } from "../python/json/read-py-json.ts";
import type { EpochMs } from "../python/time-bounds.ts";
import { decodedUtf8 } from "../python/utf8.ts";
import { PyDict } from "../python/values.ts";
import { untagged } from "./untagged.ts";

/** A session that a cookie holds. */
export type FlaskDocument = ForeignDocument & { readonly writtenAt: EpochMs };

/** The session that bytes of Flask's JSON say; `undefined` where they say none. */
export function documentIn(bytes: Buffer, writtenAt: EpochMs): FlaskDocument | undefined {
  const text = decodedUtf8(bytes);
  if (text === undefined) return undefined;
  const view = viewIn(text);
  if (view !== undefined) return new PlainDocument(text, view, writtenAt);
  const dict = dictIn(text);
  return dict && { dict, writtenAt };
}

/** Most sessions are only looked at: their dict is built when something is to be written. */
class PlainDocument implements FlaskDocument {
  readonly writtenAt: EpochMs;
  readonly view: JsonObject;
  readonly #text: string;
  #dict: PyDict | undefined;

  constructor(text: string, view: JsonObject, writtenAt: EpochMs) {
    this.#text = text;
    this.view = view;
    this.writtenAt = writtenAt;
  }

  get dict(): PyDict {
    this.#dict ??= dictIn(this.#text) ?? new PyDict([]);
    return this.#dict;
  }
}

/**
 * Where `JSON.parse` would see something else than an application is to see: an int that it rounds,
 * a float that may be infinite, one of Flask's tags or a key like our own tags, in letters or escapes.
 */
const MORE_THAN_JSON = /[0-9]{16}|[eE]\+?[0-9]{3}|" (?:di|[tbmud])"|"\$|__proto__|\\u00[0-7]/;

function viewIn(text: string): JsonObject | undefined {
  if (!text.startsWith("{") || MORE_THAN_JSON.test(text) || !isShallow(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // It may still be JSON of Python's: NaN, for one.
    return undefined;
  }
}

/** Whether Python's own reader would certainly reach the bottom. */
function isShallow(text: string): boolean {
  if (text.length <= 2 * MAX_JSON_DEPTH) return true;
  let opened = 0;
  for (const bracket of ["[", "{"]) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) opened += 1;
  }
  return opened <= MAX_JSON_DEPTH;
}

function dictIn(text: string): PyDict | undefined {
  const json = readPyJson(text);
  const value = json.ok ? untagged(json.value) : undefined;
  return value instanceof PyDict ? value : undefined;
}
