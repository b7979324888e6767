/**
 * A value as Python has it: what the readers of this folder make and its writers take. Text may hold
 * lone surrogates.
 */
export type PyValue =
  | null
  | boolean
  /** An int that is safe as a number; a longer one is a bigint. Never a float. */
  | number
  | bigint
  | string
  /** A list. */
  | readonly PyValue[]
  | PyFloat
  | PyTuple
  | PyDict
  | PySet
  | PyBytes
  | PyText
  | PyMoment
  | PyTimedelta;

/** A float, be it whole: `1.0` is no int. */
export class PyFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A tuple. */
export class PyTuple {
  readonly items: readonly PyValue[];

  constructor(items: readonly PyValue[]) {
    this.items = items;
  }
}

/** A dict, in its order. Keys are of any type, and no two are equal. */
export class PyDict {
  readonly entries: readonly PyEntry[];
  readonly kind: "dict" | "OrderedDict";

  constructor(entries: readonly PyEntry[], kind: PyDict["kind"] = "dict") {
    this.entries = entries;
    this.kind = kind;
  }

  /** What stands under a key that is text. */
  get(key: string): PyValue | undefined {
    return this.entries.find(([each]) => each === key)?.[1];
  }
}

/** One entry of a dict. */
export type PyEntry = readonly [key: PyValue, value: PyValue];

/** A set or a frozenset, in the order in which it was found. */
export class PySet {
  readonly kind: "set" | "frozenset";
  readonly items: readonly PyValue[];

  constructor(kind: "set" | "frozenset", items: readonly PyValue[]) {
    this.kind = kind;
    this.items = items;
  }
}

/** Bytes. */
export class PyBytes {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A value that its text says whole: `str()` of it for all three. */
export class PyText {
  readonly kind: "uuid" | "decimal" | "markup";
  readonly text: string;

  constructor(kind: PyText["kind"], text: string) {
    this.kind = kind;
    this.text = text;
  }
}

/**
 * A datetime, date or time by its `isoformat()`: up to six digits of a second, and the offset where it
 * has one.
 */
export class PyMoment {
  readonly kind: "datetime" | "date" | "time";
  readonly iso: string;
  /** The second of two equal hours, at the end of summer time. */
  readonly fold: 0 | 1;
  /** What its zone is called, where the offset is not all that there is to it. */
  readonly zone: PyZone | undefined;

  constructor(kind: PyMoment["kind"], iso: string, fold: 0 | 1 = 0, zone?: PyZone) {
    this.kind = kind;
    this.iso = iso;
    this.fold = fold;
    this.zone = zone;
  }
}

/** A zone with a name: `ZoneInfo("Europe/Berlin")`, or `timezone(timedelta(hours=-5), "EST")`. */
export interface PyZone {
  readonly kind: "ZoneInfo" | "timezone";
  readonly name: string;
}

/** A timedelta, normalised as Python does: only the days may be negative. */
export class PyTimedelta {
  readonly days: number;
  readonly seconds: number;
  readonly microseconds: number;

  constructor(days: number, seconds: number, microseconds: number) {
    this.days = days;
    this.seconds = seconds;
    this.microseconds = microseconds;
  }
}
