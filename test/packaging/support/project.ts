import { globSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The root of the project, with a slash at its end. */
export const ROOT: string = new URL("../../../", import.meta.url).pathname;

/** What the tests read of package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin: { readonly sojourn: string };
  readonly exports: Readonly<
    Record<string, string | { readonly types: string; readonly default: string }>
  >;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

export const MANIFEST: Manifest = JSON.parse(readText("package.json"));

/** The subpaths that hold code, such as `sojourn/express`, with the files behind them. */
export const SUBPATHS: readonly {
  readonly specifier: string;
  readonly types: string;
  readonly code: string;
}[] = Object.entries(MANIFEST.exports).flatMap(([subpath, target]) =>
  typeof target === "string"
    ? []
    : [
        {
          specifier: MANIFEST.name + subpath.slice(1),
          types: join(ROOT, target.types),
          code: join(ROOT, target.default),
        },
      ],
);

/** A file of the project, by its path from the root. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Paths from the root, sorted. */
export function find(...patterns: string[]): string[] {
  return globSync(patterns, { cwd: ROOT }).sort();
}

/**
 * A new folder inside the project, where `sojourn` is found by its own name, but not among what
 * git and the linter look at.
 */
export function folderInside(purpose: string): string {
  mkdirSync(join(ROOT, "reports"), { recursive: true });
  return mkdtempSync(join(ROOT, "reports", `${purpose}-`));
}
