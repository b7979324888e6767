import { kindOf } from "../kind-of.ts";
import { PICKLE_LIMITS } from "../pickle/limits.ts";
import { type PyRefusal, type PyStep, pathText, type RefusedKind } from "../refusal.ts";
import { PyBytes, PyDict, PyFloat, PyMoment, PySet, PyTuple, type PyValue } from "../values.ts";
import { floatBytes, headBytes, intBytes } from "./heads.ts";
import { timestampOf } from "./timestamps.ts";

/** What {@link writeMsgpack} answers: the bytes, or the first value that would not come back. */
export type MsgpackWritten =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly refusal: PyRefusal };

/**
 * Writes MessagePack byte for byte as msgspec. Tuples and sets become arrays; what msgspec makes a
 * text of (dates, UUIDs, decimals) is refused.
 */
export function writeMsgpack(value: PyValue): MsgpackWritten {
  const writer = new Writer();
  writer.write(value);
  const { refusal } = writer;
  return refusal === undefined ? { ok: true, bytes: writer.all() } : { ok: false, refusal };
}

class Writer {
  refusal: PyRefusal | undefined;
  readonly #parts: Uint8Array[] = [];
  readonly #steps: PyStep[] = [];

  all(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#parts));
  }

  write(value: PyValue): void {
    if (value === null) this.#byte(0xc0);
    else if (typeof value === "boolean") this.#byte(value ? 0xc3 : 0xc2);
    else if (typeof value === "string") this.#text(value);
    else if (typeof value !== "object") this.#whole(value, intBytes(value));
    else if (value instanceof PyFloat) this.#parts.push(floatBytes(value.value));
    else if (value instanceof PyBytes) this.#lengthy("bin", value.bytes);
    else if (value instanceof PyMoment) this.#whole(value, timestampOf(value));
    else this.#container(value);
  }

  #container(value: PyValue): void {
    if (this.#steps.length >= PICKLE_LIMITS.maxDepth) this.#refuse("tooDeep");
    else if (value instanceof PyDict) this.#map(value);
    else if (value instanceof PyTuple || value instanceof PySet) this.#array(value.items);
    else if (isList(value)) this.#array(value);
    else this.#refuse(kindOf(value));
  }

  #text(text: string): void {
    if (text.isWellFormed()) this.#lengthy("str", Buffer.from(text, "utf8"));
    else this.#refuse("str");
  }

  #lengthy(kind: "str" | "bin", bytes: Uint8Array): void {
    this.#parts.push(headBytes(kind, bytes.length), bytes);
  }

  #array(items: readonly PyValue[]): void {
    this.#parts.push(headBytes("array", items.length));
    for (const [index, item] of items.entries()) this.#under(index, item);
  }

  #map({ entries }: PyDict): void {
    this.#parts.push(headBytes("map", entries.length));
    for (const [key, value] of entries) {
      if (!isKey(key)) this.#refuse(`${kindOf(key)} as key`);
      this.write(key);
      this.#under(stepOf(key), value);
    }
  }

  #under(step: PyStep, value: PyValue): void {
    this.#steps.push(step);
    this.write(value);
    this.#steps.pop();
  }

  #whole(value: PyValue, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) this.#refuse(kindOf(value));
    else this.#parts.push(bytes);
  }

  #byte(byte: number): void {
    this.#parts.push(Uint8Array.of(byte));
  }

  #refuse(kind: RefusedKind): void {
    this.refusal ??= { path: pathText(this.#steps), kind };
  }
}

/** A set is no key, and would come back as a tuple. */
function isKey(key: PyValue): boolean {
  if (key instanceof PyTuple) return key.items.every(isKey);
  return !(key instanceof PySet || key instanceof PyDict || isList(key));
}

function stepOf(key: PyValue): PyStep {
  return typeof key === "string" || typeof key === "number" ? key : kindOf(key);
}

function isList(value: PyValue): value is readonly PyValue[] {
  return Array.isArray(value);
}
