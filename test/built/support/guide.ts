import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./project.ts";

/** The blocks of a guide that no other test checks, as they need the framework: none in `ts`. */
export async function blocksOf(page: string): Promise<readonly string[]> {
  const text = await readFile(join(ROOT, "docs", `${page}.md`), "utf8");
  return [...text.matchAll(/^```(?!ts\n)\w+\n(.*?)^```$/gms)].map(([, code = ""]) => code);
}

/** Whether a block stands in a file of the example, word for word. */
export async function isInExample(example: string, block: string): Promise<boolean> {
  const folder = join(ROOT, "examples", example);
  for await (const name of glob(["{src,app,start}/**/*.*", "*.ts"], { cwd: folder })) {
    if ((await readFile(join(folder, name), "utf8")).includes(block)) return true;
  }
  return false;
}
