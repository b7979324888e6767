import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MANIFEST, ROOT } from "./project.ts";

/** The library as npm would publish it. */
export interface Packed {
  readonly tarball: string;
  /** The files in it, from the package's root. */
  readonly files: readonly string[];
}

/** Packs the build as it is. */
export function pack(folder: string): Packed {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const [packed] = JSON.parse(npm(args, ROOT));
  const files: { path: string }[] = packed.files;
  return { tarball: join(folder, packed.filename), files: files.map(({ path }) => path).sort() };
}

/** An empty folder outside the project, with the library in its `node_modules` and nothing else. */
export function unpackedAlone(): string {
  const folder = emptyFolder("alone");
  const { tarball } = pack(folder);
  const target = join(folder, "node_modules", MANIFEST.name);
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  rmSync(tarball);
  return folder;
}

/** Runs npm, and returns what it prints. */
export function npm(args: readonly string[], cwd: string): string {
  // npm tells its children of its own settings; those of the test run are none of a user's.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_ENV$|VITEST)/i.test(name)),
  );
  return execFileSync("npm", args, {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** A new folder that has nothing to do with the project. */
export function emptyFolder(purpose: string): string {
  return mkdtempSync(join(tmpdir(), `sojourn-${purpose}-`));
}
