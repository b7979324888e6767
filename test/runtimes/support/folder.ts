import { globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import ts from "typescript";
import { unpackedAlone } from "../../packaging/support/packed.ts";
import { ROOT } from "../../packaging/support/project.ts";

const SITE = join(ROOT, "test/runtimes/site");
/** What the site imports beside the library. */
const BESIDE = ["hono", "@hono/node-server"];

/**
 * A folder as a user's: the packed library in its `node_modules`, the frameworks beside it, and the
 * test's site, as JavaScript.
 */
export function siteFolder(): string {
  const folder = unpackedAlone();
  for (const name of BESIDE) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), link);
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  for (const file of globSync(join(SITE, "*.ts"))) {
    const target = join(folder, basename(file).replace(/\.ts$/, ".js"));
    writeFileSync(target, javaScriptOf(readFileSync(file, "utf8")));
  }
  return folder;
}

/** The same with the files of an example, and nothing beside them. */
export function exampleFolder(example: string): string {
  const folder = unpackedAlone();
  const source = join(ROOT, "examples", example);
  for (const file of globSync(join(source, "*.ts"))) {
    const target = join(folder, basename(file).replace(/\.ts$/, ".js"));
    writeFileSync(target, javaScriptOf(readFileSync(file, "utf8")));
  }
  return folder;
}

function javaScriptOf(text: string): string {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  // What is not exported is taken from the package's files.
  return outputText.replaceAll("../../../src/", "./node_modules/sojourn/dist/");
}
