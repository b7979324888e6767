import type { JsonValue } from "../../core/json.ts";
import { tagged } from "./tags.ts";
import type { PyValue } from "./values.ts";

/**
 * What the application sees here of a value of Python's: JSON's own words where it has one (a tuple is
 * an array, a float a number), a tagged object where it has none.
 */
export function viewOf(value: PyValue): JsonValue {
  if (value === null || typeof value !== "object") {
    return typeof value === "bigint" ? tagged(value, viewOf) : value;
  }
  if (isList(value)) return value.map(viewOf);
  return tagged(value, viewOf);
}

/** Whether a value is a list: `Array.isArray` knows no readonly ones. */
export function isList(value: PyValue | undefined): value is readonly PyValue[] {
  return Array.isArray(value);
}
