import { createRequire } from "node:module";
import { dirname, join } from "node:path";

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
 * Looked for only as an error is thrown, where the application begins: nothing is loaded for options that
 * are right, and nothing is depended on.
 */
function zod(): Zod {
  try {
    const find = createRequire(process.argv[1] ?? process.cwd());
    const required = find.resolve("zod");
    // zod is there twice, each with a class of its own: for `require`, if anybody has asked, and for `import`.
    return find(required in find.cache ? required : importedFile(find));
  } catch {
    return {};
  }
}

interface ZodManifest {
  readonly exports: { readonly ".": { readonly import: string | { readonly default: string } } };
}

function importedFile(find: NodeJS.Require): string {
  const manifest = find.resolve("zod/package.json");
  const { exports }: ZodManifest = find(manifest);
  const { import: entry } = exports["."];
  return join(dirname(manifest), typeof entry === "string" ? entry : entry.default);
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
