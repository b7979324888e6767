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
} from "../../../src/interop/python/values.ts";

/**
 * A value as the files of vectors write it: JSON, with `{"$t": kind, …}` for what JSON lacks. It says
 * neither the name of a zone, nor `fold`, nor which class of dict it was.
 */
export type Notation =
  | null
  | boolean
  | number
  | string
  | readonly Notation[]
  | { readonly [key: string]: Notation };

type Marked = { readonly [key: string]: Notation };

/** Reads the notation of the vectors. */
export function fromNotation(notation: Notation): PyValue {
  if (typeof notation === "number") {
    return Number.isSafeInteger(notation) ? notation : new PyFloat(notation);
  }
  if (notation === null || typeof notation !== "object") return notation;
  if (isList(notation)) return notation.map(fromNotation);
  const kind = notation["$t"];
  if (typeof kind === "string") return marked(kind, notation);
  return new PyDict(Object.entries(notation).map(([key, value]) => [key, fromNotation(value)]));
}

/** Writes the notation of the vectors. */
export function toNotation(value: PyValue): Notation {
  if (typeof value === "bigint") return { $t: "int", v: String(value) };
  if (value === null || typeof value !== "object") return textOrSurrogates(value);
  if (value instanceof PyDict) return dictNotation(value);
  if (value instanceof PyFloat) return { $t: "float", v: floatRepr(value.value) };
  if (value instanceof PyTuple) return { $t: "tuple", v: value.items.map(toNotation) };
  if (value instanceof PySet) return { $t: value.kind, v: value.items.map(toNotation) };
  if (value instanceof PyBytes) return { $t: "bytes", b64: base64(value.bytes) };
  if (value instanceof PyText) return { $t: value.kind, v: value.text };
  if (value instanceof PyTimedelta) return { $t: "timedelta", ...value };
  if (value instanceof PyMoment) return momentNotation(value);
  return value.map(toNotation);
}

/** A float as Python's `repr` writes it. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [digits = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power < -4 || power >= 16) {
    return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  const text = String(value);
  return text.includes(".") ? text : `${text}.0`;
}

function marked(kind: string, notation: Marked): PyValue {
  const { v, b64, utf16be } = notation;
  switch (kind) {
    case "dict":
      return new PyDict(list(v).map(pair));
    case "tuple":
      return new PyTuple(list(v).map(fromNotation));
    case "set":
    case "frozenset":
      return new PySet(kind, list(v).map(fromNotation));
    case "bytes":
      return new PyBytes(new Uint8Array(Buffer.from(String(b64), "base64")));
    case "int":
      return integer(String(v));
    case "float":
      return new PyFloat(floatOf(String(v)));
    case "str-surrogates":
      return Buffer.from(String(utf16be), "hex").swap16().toString("utf16le");
    default:
      return textual(kind, notation);
  }
}

function textual(kind: string, { v, days, seconds, microseconds }: Marked): PyValue {
  switch (kind) {
    case "datetime":
    case "date":
    case "time":
      return new PyMoment(kind, String(v));
    case "uuid":
    case "decimal":
    case "markup":
      return new PyText(kind, String(v));
    case "timedelta":
      return new PyTimedelta(Number(days), Number(seconds), Number(microseconds));
    default:
      throw new Error(`The notation knows no ${kind}.`);
  }
}

function dictNotation({ entries }: PyDict): Notation {
  if (entries.every(([key]) => typeof key === "string" && isPlainKey(key))) {
    return Object.fromEntries(entries.map(([key, value]) => [key, toNotation(value)]));
  }
  return { $t: "dict", v: entries.map(([key, value]) => [toNotation(key), toNotation(value)]) };
}

/** Objects of JavaScript put keys that look like integers first. */
function isPlainKey(key: string): boolean {
  return key !== "$t" && key !== "__proto__" && !/^\d+$/.test(key) && key.isWellFormed();
}

function momentNotation({ kind, iso }: PyMoment): Notation {
  if (kind !== "datetime") return { $t: kind, v: iso };
  return { $t: kind, v: iso, aware: /[+-]\d\d:\d\d[^-]*$/.test(iso.slice(10)) };
}

function textOrSurrogates(value: string | number | boolean | null): Notation {
  if (typeof value !== "string" || value.isWellFormed()) return value;
  return { $t: "str-surrogates", utf16be: Buffer.from(value, "utf16le").swap16().toString("hex") };
}

function integer(digits: string): PyValue {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : BigInt(digits);
}

function floatOf(repr: string): number {
  if (repr === "nan") return Number.NaN;
  return Number(repr.replace("inf", "Infinity"));
}

function pair(notation: Notation): readonly [PyValue, PyValue] {
  const [key = null, value = null] = list(notation);
  return [fromNotation(key), fromNotation(value)];
}

function list(notation: Notation | undefined): readonly Notation[] {
  if (!isList(notation)) throw new Error("The notation has a list here.");
  return notation;
}

function isList(notation: Notation | undefined): notation is readonly Notation[] {
  return Array.isArray(notation);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
