import type { ValueKind } from "./codec.ts";
import type { StorableData } from "./storable.ts";

/**
 * A schema of the Standard Schema interface (https://standardschema.dev), version 1: Zod, Valibot,
 * ArkType and others. It must answer synchronously, accept `{}`, and accept what it returns as it
 * is: it may check, trim and fill in, but turn no text into a Date. It may check Dates where the
 * option `values` lets the data hold them.
 */
export interface Schema<Output, Input = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** Any type where a schema's output can be stored and read again; else a sentence that says why. */
export type Settled<Output, Input, K extends ValueKind = "json"> =
  Output extends StorableData<Output, K>
    ? [Output] extends [Input]
      ? unknown
      : "the schema must accept what it returns: let it check values and not transform them"
    : "the schema returns what JSON would change or lose: let it check a text or a number";

/** What a schema returns. */
export type OutputOf<S> = S extends Schema<infer Output> ? Output : never;

/** What a schema accepts, as far as it says so. */
export type InputOf<S> = S extends {
  readonly "~standard": { readonly types?: { readonly input: infer Input } | undefined };
}
  ? Input
  : unknown;

/** What a schema answers: a value, or the issues that it has. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that a schema finds wrong. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The key path of an issue, such as `cart.0.sku`. */
export function issuePath(issue: SchemaIssue): string {
  const steps = (issue.path ?? []).map((step) =>
    String(typeof step === "object" ? step.key : step),
  );
  return steps.length === 0 ? "data" : steps.join(".");
}
