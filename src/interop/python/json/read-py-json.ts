import { type PyDict, PyFloat, type PyValue } from "../values.ts";
import { MAX_INT_DIGITS, MAX_JSON_DEPTH } from "./bounds.ts";
import { PyDictBuilder } from "./dict-builder.ts";
import { readQuoted } from "./read-quoted.ts";

/** What {@link readPyJson} answers. */
export type PyJsonReading =
  | { readonly ok: true; readonly value: PyValue }
  | { readonly ok: false; readonly reason: PyJsonFault };

/** Why a text is not read: no JSON of Python's, or beyond the bounds at which CPython gives up. */
export type PyJsonFault = "malformed" | "tooDeep" | "tooManyDigits";

/** Reads what Python's `json.loads` reads, and loses nothing of it. */
export function readPyJson(text: string): PyJsonReading {
  const reader = new Reader(text);
  const value = reader.whole();
  if (value === undefined) return { ok: false, reason: reader.fault };
  return { ok: true, value };
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
const WORDS: ReadonlyMap<string, PyValue> = new Map<string, PyValue>([
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", new PyFloat(Number.NaN)],
  ["Infinity", new PyFloat(Number.POSITIVE_INFINITY)],
  ["-Infinity", new PyFloat(Number.NEGATIVE_INFINITY)],
]);
const WORD = /null|true|false|NaN|-?Infinity/y;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;

/** Answers `undefined` wherever the text is at fault; `fault` then says how. */
class Reader {
  fault: PyJsonFault = "malformed";
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): PyValue | undefined {
    this.#skipSpace();
    const value = this.#value();
    this.#skipSpace();
    return this.#at === this.#text.length ? value : undefined;
  }

  #value(): PyValue | undefined {
    switch (this.#text.charCodeAt(this.#at)) {
      case QUOTE:
        return this.#string();
      case BRACE:
        return this.#nested(() => this.#dict());
      case BRACKET:
        return this.#nested(() => this.#list());
      default:
        return this.#wordOrNumber();
    }
  }

  #nested(read: () => PyValue | undefined): PyValue | undefined {
    if (this.#depth === MAX_JSON_DEPTH) {
      this.fault = "tooDeep";
      return undefined;
    }
    this.#depth += 1;
    this.#at += 1;
    this.#skipSpace();
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #dict(): PyDict | undefined {
    const dict = new PyDictBuilder();
    if (this.#takes(BRACE_END)) return dict.built();
    for (;;) {
      if (!this.#entry(dict)) return undefined;
      if (this.#takes(BRACE_END)) return dict.built();
      if (!this.#takes(COMMA)) return undefined;
      this.#skipSpace();
    }
  }

  #entry(dict: PyDictBuilder): boolean {
    const key = this.#text.charCodeAt(this.#at) === QUOTE ? this.#string() : undefined;
    if (key === undefined) return false;
    this.#skipSpace();
    if (!this.#takes(COLON)) return false;
    this.#skipSpace();
    const value = this.#value();
    if (value === undefined) return false;
    dict.set(key, value);
    this.#skipSpace();
    return true;
  }

  #list(): PyValue | undefined {
    const items: PyValue[] = [];
    if (this.#takes(BRACKET_END)) return items;
    for (;;) {
      const item = this.#value();
      if (item === undefined) return undefined;
      items.push(item);
      this.#skipSpace();
      if (this.#takes(BRACKET_END)) return items;
      if (!this.#takes(COMMA)) return undefined;
      this.#skipSpace();
    }
  }

  #string(): string | undefined {
    const string = readQuoted(this.#text, this.#at);
    if (string === undefined) return undefined;
    this.#at = string.end;
    return string.value;
  }

  #wordOrNumber(): PyValue | undefined {
    const word = this.#word();
    return word === undefined ? this.#number() : word;
  }

  #number(): PyValue | undefined {
    NUMBER.lastIndex = this.#at;
    const [digits, fraction, power] = NUMBER.exec(this.#text) ?? [];
    if (digits === undefined) return undefined;
    this.#at += digits.length;
    if (fraction !== undefined || power !== undefined) return new PyFloat(Number(digits));
    return this.#int(digits);
  }

  #int(digits: string): PyValue | undefined {
    // Python has no negative zero among its ints.
    if (digits.length < 16) return Number(digits) + 0;
    if (digits.length - (digits.startsWith("-") ? 1 : 0) > MAX_INT_DIGITS) {
      this.fault = "tooManyDigits";
      return undefined;
    }
    const number = Number(digits);
    return Number.isSafeInteger(number) ? number : BigInt(digits);
  }

  #word(): PyValue | undefined {
    WORD.lastIndex = this.#at;
    const word = WORD.exec(this.#text)?.[0];
    if (word === undefined) return undefined;
    this.#at += word.length;
    return WORDS.get(word);
  }

  #takes(unit: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== unit) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    // Most documents of Python's hold no space here.
    if (this.#text.charCodeAt(this.#at) > 0x20) return;
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.#text)?.[0].length ?? 0;
  }
}
