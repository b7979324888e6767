import { CodecError } from "../../core/errors.ts";
import { PyDict, PySet, PyText, PyTuple, type PyValue } from "./values.ts";
import { isList } from "./view.ts";

/**
 * Refuses markup that was not there before: templates do not escape it, and whoever sends JSON could
 * make it.
 *
 * @throws {@link CodecError} with the reason `input`.
 */
export function refuseNewMarkup(before: PyDict, after: PyDict): void {
  const known = new Set(markupIn(before));
  for (const [key, value] of after.entries) {
    if (markupIn(value).every((each) => known.has(each))) continue;
    const why = 'text that templates do not escape ("$markup") is kept here and never made.';
    throw new CodecError(String(key), why, "input");
  }
}

function markupIn(value: PyValue): readonly PyText[] {
  if (value instanceof PyText) return value.kind === "markup" ? [value] : [];
  return innerOf(value).flatMap(markupIn);
}

function innerOf(value: PyValue): readonly PyValue[] {
  if (value instanceof PyDict) return value.entries.flat();
  if (value instanceof PyTuple || value instanceof PySet) return value.items;
  return isList(value) ? value : [];
}
