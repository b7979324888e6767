import { kindOf } from "../kind-of.ts";
import { type PyRefusal, type PyStep, pathText, type RefusedKind } from "../refusal.ts";
import { PyDict, type PyEntry, PyFloat, PyText, PyTuple, type PyValue } from "../values.ts";
import { MAX_JSON_DEPTH } from "./bounds.ts";
import { floatRepr } from "./float-repr.ts";
import { sortedEntries } from "./key-order.ts";
import { quotedAscii, quotedUnicode } from "./quoted.ts";

/** How Python was asked to write its JSON. */
export interface PyJsonStyle {
  /** Python's `ensure_ascii`. @default true */
  readonly ensureAscii?: boolean;
  /** Python's `sort_keys`. @default false */
  readonly sortKeys?: boolean;
  /** Whether a space follows commas and colons, as where no `separators` are given. @default false */
  readonly spaces?: boolean;
}

/** What {@link writePyJson} answers: the text, or the first value that JSON has no word for. */
export type PyJsonWriting =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly refusal: PyRefusal };

/** Writes a value byte for byte as Python's `json.dumps`. */
export function writePyJson(value: PyValue, style: PyJsonStyle = {}): PyJsonWriting {
  const writer = new Writer(style);
  const text = writer.written(value);
  const { refusal } = writer;
  return refusal === undefined ? { ok: true, text } : { ok: false, refusal };
}

class Writer {
  refusal: PyRefusal | undefined;
  readonly #steps: PyStep[] = [];
  readonly #quoted: (text: string) => string;
  readonly #entries: (dict: PyDict) => readonly PyEntry[] | undefined;
  readonly #comma: string;
  readonly #colon: string;

  constructor({ ensureAscii = true, sortKeys = false, spaces = false }: PyJsonStyle) {
    this.#quoted = ensureAscii ? quotedAscii : quotedUnicode;
    this.#entries = sortKeys ? sortedEntries : ({ entries }) => entries;
    this.#comma = spaces ? ", " : ",";
    this.#colon = spaces ? ": " : ":";
  }

  written(value: PyValue): string {
    if (typeof value === "string") return this.#quoted(value);
    if (typeof value !== "object" || value === null) return String(value);
    if (value instanceof PyDict) return this.#dict(value);
    if (Array.isArray(value)) return this.#list(value);
    if (value instanceof PyTuple) return this.#list(value.items);
    return this.#object(value);
  }

  #object(value: PyValue): string {
    if (value instanceof PyFloat) return floatRepr(value.value);
    // Markup is a str, and str is what Python's JSON sees.
    if (value instanceof PyText && value.kind === "markup") return this.#quoted(value.text);
    return this.#refuse(kindOf(value));
  }

  #list(items: readonly PyValue[]): string {
    if (this.#steps.length >= MAX_JSON_DEPTH) return this.#refuse("tooDeep");
    const parts = items.map((item, index) => this.#under(index, item));
    return `[${parts.join(this.#comma)}]`;
  }

  #dict(dict: PyDict): string {
    if (this.#steps.length >= MAX_JSON_DEPTH) return this.#refuse("tooDeep");
    const entries = this.#entries(dict);
    if (entries === undefined) return this.#refuse("unorderedKeys");
    const parts: string[] = [];
    for (const [key, value] of entries) {
      const text = keyText(key);
      if (text === undefined) return this.#refuse(`${kindOf(key)} as key`);
      parts.push(this.#quoted(text) + this.#colon + this.#under(text, value));
    }
    return `{${parts.join(this.#comma)}}`;
  }

  #under(step: PyStep, value: PyValue): string {
    this.#steps.push(step);
    const text = this.written(value);
    this.#steps.pop();
    return text;
  }

  #refuse(kind: RefusedKind): string {
    this.refusal ??= { path: pathText(this.#steps), kind };
    return "";
  }
}

/** A key of a dict as Python's JSON writes it, unless JSON has no word for it. */
export function keyText(key: PyValue): string | undefined {
  if (typeof key === "string") return key;
  if (typeof key !== "object" || key === null) return String(key);
  if (key instanceof PyFloat) return floatRepr(key.value);
  return key instanceof PyText && key.kind === "markup" ? key.text : undefined;
}
