/**
 * A schema of the Standard Schema interface (https://standardschema.dev), version 1: Zod, Valibot,
 * ArkType and others. It must answer synchronously and accept `{}`.
 */
export interface Schema<Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

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
