import type { PyKind } from "./refusal.ts";
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
} from "./values.ts";

/** Python's name for the type of a value. */
export function kindOf(value: PyValue): PyKind {
  if (value === null) return "NoneType";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number" || typeof value === "bigint") return "int";
  if (typeof value === "string") return "str";
  return kindOfObject(value);
}

function kindOfObject(value: PyValue & object): PyKind {
  if (value instanceof PyDict) return "dict";
  if (value instanceof PyFloat) return "float";
  if (value instanceof PyTuple) return "tuple";
  if (value instanceof PyBytes) return "bytes";
  if (value instanceof PyTimedelta) return "timedelta";
  if (value instanceof PySet || value instanceof PyText || value instanceof PyMoment) {
    return value.kind;
  }
  return "list";
}
