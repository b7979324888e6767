import type { Parser } from "../parsing.ts";
import type { Project } from "../project.ts";
import type { Syntax } from "../syntax.ts";

/** The programs of a project, each read once: a piece of one is the same piece to all who ask. */
export interface Sources {
  readonly paths: readonly string[];
  /** `""` where there is none. */
  readonly sourceOf: (path: string) => string;
  /** `undefined` where it cannot be read. */
  readonly rootOf: (path: string) => Syntax | undefined;
}

export function sourcesOf({ programs }: Project, parser: Parser): Sources {
  const roots = new Map<string, Syntax | undefined>();
  const sourceOf = (path: string): string => programs.get(path) ?? "";
  return {
    paths: [...programs.keys()],
    sourceOf,
    rootOf: (path) => {
      if (!roots.has(path)) roots.set(path, parser(path, sourceOf(path)));
      return roots.get(path);
    },
  };
}
