import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** What is wrong with an option, in the words of zod 3. */
export interface Problem {
  readonly code: "invalid_type" | "invalid_union";
  readonly expected?: string;
  readonly received?: string;
  readonly path: (string | number)[];
  readonly message: string;
}

/**
 * The error that koa-session throws for options: zod's own, where the application has zod for koa-session
 * or for itself, so that `instanceof ZodError` holds; one of the same form elsewhere.
 */
export function optionProblem(problems: Problem[]): Error {
  const { ZodError } = zod();
  return ZodError === undefined ? new OptionProblem(problems) : new ZodError(problems);
}

interface Zod {
  readonly ZodError?: new (problems: Problem[]) => Error;
}

/**
 * Looked for only as an error is thrown: nothing is loaded for options that are right. It is what `import`
 * gives, as zod's module for `require` has another class of the name.
 */
function zod(): Zod {
  try {
    const file = fileURLToPath(import.meta.resolve("zod"));
    return createRequire(import.meta.url)(file);
  } catch {
    return {};
  }
}

class OptionProblem extends Error {
  override readonly name: string = "ZodError";
  readonly issues: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(JSON.stringify(problems, null, 2));
    this.issues = problems;
  }

  get errors(): readonly Problem[] {
    return this.issues;
  }
}
