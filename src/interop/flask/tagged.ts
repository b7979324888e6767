import { MAX_JSON_DEPTH } from "../python/json/bounds.ts";
import { keyText } from "../python/json/write-py-json.ts";
import { kindOf } from "../python/kind-of.ts";
import { type PyRefusal, type PyStep, pathText, type RefusedKind } from "../python/refusal.ts";
import {
  PyBytes,
  PyDict,
  type PyEntry,
  PyMoment,
  PyText,
  PyTuple,
  type PyValue,
} from "../python/values.ts";
import { httpDate } from "./http-date.ts";
import { isTag, TAG } from "./tags.ts";

/** Whether values that Flask writes, but does not read back as they were, are refused or written so. */
export type LossyValues = "refuse" | "asFlask";

/** What {@link tagged} answers. */
export type Tagging =
  | { readonly ok: true; readonly value: PyValue }
  | { readonly ok: false; readonly refusal: PyRefusal };

/** A value as Flask gives it to JSON: what JSON has no word for stands in one-key objects. */
export function tagged(value: PyValue, lossyValues: LossyValues): Tagging {
  const tagger = new Tagger(lossyValues);
  const tags = tagger.tagged(value);
  const { refusal } = tagger;
  return refusal === undefined ? { ok: true, value: tags } : { ok: false, refusal };
}

class Tagger {
  refusal: PyRefusal | undefined;
  readonly #lossyValues: LossyValues;
  readonly #steps: PyStep[] = [];

  constructor(lossyValues: LossyValues) {
    this.#lossyValues = lossyValues;
  }

  tagged(value: PyValue): PyValue {
    if (typeof value !== "object" || value === null) return value;
    // A tag adds a level of its own, which the writer of JSON counts.
    if (this.#steps.length > MAX_JSON_DEPTH) return this.#refuse("tooDeep");
    if (value instanceof PyDict) return this.#dict(value);
    if (Array.isArray(value)) return this.#items(value);
    if (value instanceof PyTuple) return tag(TAG.tuple, this.#items(value.items));
    if (value instanceof PyBytes) return tag(TAG.bytes, base64(value.bytes));
    if (value instanceof PyText) return this.#text(value);
    if (value instanceof PyMoment) return this.#moment(value);
    return kindOf(value) === "float" ? value : this.#refuse(kindOf(value));
  }

  #dict({ entries }: PyDict): PyDict {
    const written = entries.map(([key, value]): PyEntry => {
      const text = keyText(key);
      if (text === undefined) return [null, this.#refuse(`${kindOf(key)} as key`)];
      return [key, this.#under(text, value)];
    });
    const [first] = written;
    if (first === undefined || written.length > 1 || !isTag(first[0])) return new PyDict(written);
    return tag(TAG.dict, new PyDict([[`${first[0]}__`, first[1]]]));
  }

  #items(items: readonly PyValue[]): readonly PyValue[] {
    return items.map((item, index) => this.#under(index, item));
  }

  #text({ kind, text }: PyText): PyValue {
    if (kind === "markup") return tag(TAG.markup, text);
    if (kind === "uuid") return tag(TAG.uuid, text.replaceAll("-", ""));
    return this.#lossyValues === "refuse" ? this.#refuse(kind) : text;
  }

  #moment({ kind, iso }: PyMoment): PyValue {
    const isLossy = kind === "date" && this.#lossyValues === "asFlask";
    const text = kind === "datetime" || isLossy ? httpDate(iso) : undefined;
    if (text === undefined) return this.#refuse(kind);
    return kind === "datetime" ? tag(TAG.datetime, text) : text;
  }

  #under(step: PyStep, value: PyValue): PyValue {
    this.#steps.push(step);
    const written = this.tagged(value);
    this.#steps.pop();
    return written;
  }

  #refuse(kind: RefusedKind): null {
    this.refusal ??= { path: pathText(this.#steps), kind };
    return null;
  }
}

function tag(key: string, value: PyValue): PyDict {
  return new PyDict([[key, value]]);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
