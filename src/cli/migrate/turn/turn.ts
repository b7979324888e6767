import type { Outcome } from "../change.ts";
import type { Parser } from "../parsing.ts";
import type { Project } from "../project.ts";
export function turn(_p: Project, _q: Parser): Outcome {
  return { changed: [], turned: 0, left: [], notes: [] };
}
