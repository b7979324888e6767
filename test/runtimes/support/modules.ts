import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";

/** Every module that a program loads, and what it takes from the runtime. */
export interface Modules {
  /** Paths from the folder. */
  readonly files: readonly string[];
  /** The bare names among them, such as `sojourn/hono`, with the paths of their files. */
  readonly packages: ReadonlyMap<string, string>;
  /** Such as `node:crypto`. */
  readonly builtins: ReadonlySet<string>;
}

/** Follows each static and dynamic import from `entry` on. */
export function modulesOf(folder: string, entry: string): Modules {
  const files = new Set<string>();
  const packages = new Map<string, string>();
  const builtins = new Set<string>();
  const follow = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const name of importsOf(join(folder, file))) {
      if (name.startsWith("node:")) builtins.add(name);
      else if (name.startsWith(".")) follow(join(dirname(file), name));
      else {
        const target = packages.get(name) ?? relative(folder, fileOf(folder, name));
        packages.set(name, target);
        follow(target);
      }
    }
  };
  follow(packages.get(entry) ?? entry);
  return { files: [...files], packages, builtins };
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
}

type Target = string | { readonly import?: Target; readonly default?: Target };

/** As `exports` of the package says, to one who imports. */
export function fileOf(folder: string, specifier: string): string {
  const [, name = "", subpath = ""] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(specifier) ?? [];
  const root = join(folder, "node_modules", name);
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const target = chosen(exports[`.${subpath}`]);
  if (target === undefined) throw new Error(`${name} exports no .${subpath}`);
  return join(root, target);
}

function chosen(target: Target | undefined): string | undefined {
  return typeof target === "object" ? chosen(target.import ?? target.default) : target;
}
