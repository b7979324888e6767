import { posix } from "node:path";
import type { Project } from "../project.ts";

/** Which Express a program has, by the nearest package.json that names it. */
export function majorOf({ manifests }: Project, path: string): number | undefined {
  for (let folder = posix.dirname(path); ; folder = posix.dirname(folder)) {
    const text = manifests.get(posix.join(folder, "package.json"));
    const range = /"express"\s*:\s*"([^"]*)"/.exec(text ?? "")?.[1];
    if (range !== undefined) return leastIn(range);
    if (folder === ".") return undefined;
  }
}

/** The least major version that a range allows. */
function leastIn(range: string): number | undefined {
  const majors = [...range.matchAll(/(?:^|[^\d.])(\d+)(?:\.|$|\s)/g)].map(([, major]) =>
    Number(major),
  );
  return majors.length === 0 ? undefined : Math.min(...majors);
}
