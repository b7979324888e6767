import {
  PyBytes,
  PyDict,
  type PyEntry,
  PyFloat,
  PyMoment,
  PySet,
  PyText,
  PyTimedelta,
  PyTuple,
  type PyValue,
} from "../../../src/interop/python/values.ts";

/** Values of Python's as the vectors note them: JSON, and `{"$t": …}` for what it lacks. */
export type Noted =
  | null
  | boolean
  | number
  | string
  | readonly Noted[]
  | { readonly [key: string]: Noted };

interface Special {
  readonly $t: string;
  readonly v: never;
  readonly b64: string;
  readonly utf16be: string;
  readonly days: number;
  readonly seconds: number;
  readonly microseconds: number;
}

/** The value that a vector notes. */
export function noted(note: Noted): PyValue {
  if (typeof note !== "object" || note === null) return note;
  if (Array.isArray(note)) return note.map(noted);
  if ("$t" in note) return special(note as unknown as Special);
  return new PyDict(Object.entries(note).map(([key, value]): PyEntry => [key, noted(value)]));
}

function special(note: Special): PyValue {
  const reader = READERS[note.$t];
  if (reader === undefined) throw new Error(`The vectors note a ${note.$t}.`);
  return reader(note);
}

const READERS: Readonly<Record<string, (note: Special) => PyValue>> = {
  tuple: ({ v }) => new PyTuple(list(v)),
  set: ({ v }) => new PySet("set", list(v)),
  frozenset: ({ v }) => new PySet("frozenset", list(v)),
  bytes: ({ b64 }) => new PyBytes(Buffer.from(b64, "base64")),
  int: ({ v }) => BigInt(v),
  float: ({ v }) => new PyFloat(Number((v as string).replace("inf", "Infinity"))),
  datetime: ({ v }) => new PyMoment("datetime", v),
  date: ({ v }) => new PyMoment("date", v),
  time: ({ v }) => new PyMoment("time", v),
  uuid: ({ v }) => new PyText("uuid", v),
  decimal: ({ v }) => new PyText("decimal", v),
  markup: ({ v }) => new PyText("markup", v),
  timedelta: (note) => new PyTimedelta(note.days, note.seconds, note.microseconds),
  "str-surrogates": ({ utf16be }) => Buffer.from(utf16be, "hex").swap16().toString("utf16le"),
  dict: ({ v }) =>
    new PyDict((v as [Noted, Noted][]).map(([key, value]) => [noted(key), noted(value)])),
};

function list(notes: readonly Noted[]): readonly PyValue[] {
  return notes.map(noted);
}
