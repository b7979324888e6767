import { kindOf } from "../../interop/python/kind-of.ts";
import { type PyStep, pathText } from "../../interop/python/refusal.ts";
import { PyDict, PyFloat, PySet, PyTuple, type PyValue } from "../../interop/python/values.ts";
import { isList } from "../../interop/python/view.ts";

/** A value that JSON has no word for: where it stands, and Python's name for its type. */
export interface BeyondJson {
  readonly path: string;
  readonly kind: string;
}

/** How the places of a list appear in paths: each for itself, or all as one. */
type Places = "numbered" | "alike";

/** The values inside that JSON has no word for, the first of them. */
export function beyondJson(value: PyValue, most: number, places: Places): readonly BeyondJson[] {
  const found: BeyondJson[] = [];
  const visit = (each: PyValue, steps: readonly PyStep[]): void => {
    if (found.length === most) return;
    const kind = kindBeyond(each);
    if (kind !== undefined) found.push({ path: place(steps, places), kind });
    for (const [step, inner] of inside(each)) visit(inner, [...steps, step]);
  };
  visit(value, []);
  return found;
}

function kindBeyond(value: PyValue): string | undefined {
  if (typeof value === "bigint") return "int of more than 53 bits";
  if (value instanceof PyFloat)
    return Number.isFinite(value.value) ? undefined : "float nan or inf";
  if (value instanceof PyDict) {
    const odd = value.entries.find(([key]) => typeof key !== "string");
    return odd === undefined ? undefined : `dict with a key of type ${kindOf(odd[0])}`;
  }
  const kind = kindOf(value);
  return WITHIN.has(kind) ? undefined : kind;
}

const WITHIN: ReadonlySet<string> = new Set([
  ...["NoneType", "bool", "int", "float", "str", "list", "tuple", "dict"],
]);

function* inside(value: PyValue): Generator<readonly [step: PyStep, value: PyValue]> {
  if (value instanceof PyDict) {
    for (const [key, inner] of value.entries) yield [typeof key === "string" ? key : "?", inner];
  } else if (value instanceof PyTuple || value instanceof PySet) yield* value.items.entries();
  else if (isList(value)) yield* value.entries();
}

function place(steps: readonly PyStep[], places: Places): string {
  if (places === "numbered") return pathText(steps);
  return pathText(steps.map((step) => (typeof step === "number" ? 0 : step))).replaceAll(
    "[0]",
    "[]",
  );
}
