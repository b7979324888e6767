import * as devalue from "devalue";
import fc from "fast-check";
import { richValues } from "../../../src/values/index.ts";

/** The option, with the library as an application has it. */
export const values: ReturnType<typeof richValues> = richValues(devalue);

const key = fc.string({ maxLength: 6 }).filter((text) => text !== "__proto__");

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  fc.webUrl({ withQueryParameters: true, withFragments: true }).map((text) => new URL(text)),
  fc.uint8Array({ maxLength: 12 }),
);

/** Any value that may be stored, of every kind inside every other one. */
export const rich: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4 }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 }).map((all) => new Map(all)),
    fc.array(tie("value"), { maxLength: 4 }).map((all) => new Set(all)),
  ),
})).value;

/** As it is promised to come back: -0 is 0, an object has Object's prototype. */
export function settled(value: unknown): unknown {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(settled);
  if (value instanceof Map) return new Map([...value].map(settled) as [unknown, unknown][]);
  if (value instanceof Set) return new Set([...value].map(settled));
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date || value instanceof URL || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, settled(field)]));
}
