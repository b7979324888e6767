import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { WrongInput } from "../wrong-input.ts";

/** The first of the drivers that the user's project has, and its name. */
export async function driverOf(
  folder: string,
  names: readonly string[],
): Promise<readonly [name: string, module: Record<string, unknown>]> {
  const require = createRequire(join(folder, "package.json"));
  for (const name of names) {
    const path = pathIn(require, name);
    if (path !== undefined) return [name, await import(pathToFileURL(path).href)];
  }
  const either = names.join(" or ");
  throw new WrongInput(
    `This project has no ${either}: npm install ${names[0]}, and run this in its folder.`,
  );
}

function pathIn(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}
