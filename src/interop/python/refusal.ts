/** A value that a format of Python cannot hold: where it stands, and what it is. */
export interface PyRefusal {
  /** From the root, as in `cart[0].price`; empty for the root itself. */
  readonly path: string;
  readonly kind: RefusedKind;
}

/**
 * What was refused: a value by Python's name for its type, a key of a dict by the name and `as key`,
 * keys that Python cannot put in order, or what lies deeper than Python reads.
 */
export type RefusedKind = PyKind | `${PyKind} as key` | "unorderedKeys" | "tooDeep";

/** Python's names for the types of its values. */
export type PyKind =
  | "NoneType"
  | "bool"
  | "int"
  | "float"
  | "str"
  | "list"
  | "tuple"
  | "dict"
  | "set"
  | "frozenset"
  | "bytes"
  | "uuid"
  | "decimal"
  | "markup"
  | "datetime"
  | "date"
  | "time"
  | "timedelta";

/** One step of the way to a value: a key, or a place in a list. */
export type PyStep = string | number;

/** The way to a value as text: `cart[0].price`, `["odd key"][3]`. */
export function pathText(steps: readonly PyStep[]): string {
  return steps.map(stepText).join("").replace(/^\./, "");
}

function stepText(step: PyStep): string {
  if (typeof step === "number") return `[${step}]`;
  return /^[A-Za-z_]\w*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}
