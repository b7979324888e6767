import { PyBytes, PyDict, PyFloat, type PyValue } from "../../../src/interop/python/values.ts";

/** A value in a form that compares well: dicts without their order, bytes whatever holds them. */
export function unordered(value: PyValue): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(unordered);
  if (value instanceof PyDict) return dict(value);
  if (value instanceof PyBytes) return { bytes: Buffer.from(value.bytes).toString("hex") };
  if (value instanceof PyFloat) return value;
  if ("items" in value) return { kind: value.constructor.name, items: value.items.map(unordered) };
  return value;
}

function dict({ entries }: PyDict): unknown {
  const pairs = entries.map(([key, value]) => [unordered(key), unordered(value)] as const);
  return { dict: new Map(pairs.sort(([one], [other]) => (String(one) < String(other) ? -1 : 1))) };
}
