import { CodecError, OptionsError } from "../../core/errors.ts";
import { copyOf } from "../../core/json.ts";
import { issuePath, type Schema } from "../../core/schema.ts";
import { synchronous } from "../../core/shape.ts";

/** What is shown of a stored value. @throws {@link CodecError} for one that is none. */
export type Check = (value: unknown) => unknown;

export const UNCHECKED: Check = (value) => value;

/** @throws {@link OptionsError} for what is no list of texts. */
export function checkOneOf(name: string, values: readonly string[]): Check {
  const isList = Array.isArray(values) && values.every((value) => typeof value === "string");
  if (!isList || values.length === 0) {
    throw new OptionsError("values", 'must be a list of texts, such as ["light", "dark"].');
  }
  const known = new Set<unknown>(values);
  return (value) => {
    if (known.has(value)) return value;
    throw new CodecError(name, `it must be one of ${JSON.stringify(values)}.`, "schema");
  };
}

/** @throws {@link OptionsError} for what is no schema. */
export function checkBy(name: string, schema: Schema<unknown>): Check {
  if (typeof schema?.["~standard"]?.validate !== "function") {
    throw new OptionsError(
      "schema",
      "it is not a Standard Schema. Zod, Valibot or ArkType make one.",
    );
  }
  return (value) => {
    // A schema may change what it is given.
    const result = synchronous(schema, copyOf(value));
    if (result.issues === undefined) return result.value;
    const [issue] = result.issues;
    const path = issue?.path?.length ? `${name}.${issuePath(issue)}` : name;
    const message = issue?.message ?? "no reason given";
    throw new CodecError(path, `the schema refuses it (${message}).`, "schema");
  };
}
