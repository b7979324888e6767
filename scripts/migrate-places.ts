import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { parseArgs } from "node:util";
import ts from "typescript";
import { runCommand } from "../src/cli/run-command.ts";

/**
 * What `sojourn migrate express-session` does to applications, counted by a query of its own: another
 * parser than the command's looks for the places before and after, in a copy.
 *
 *     node scripts/migrate-places.ts FOLDER…
 *     node scripts/migrate-places.ts --readme FOLDER     the applications in a README's code
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { readme: { type: "boolean" }, places: { type: "boolean" } },
});

const NOT_OURS = /^(node_modules|bower_components|dist|build|coverage|vendor|\..*)$/;
const TEST = /(^|\/)(tests?|__tests__|specs?|e2e|cypress|__mocks__)\/|[.-](test|spec|cy)\.\w+$/;

/** Another library's sessions, and what the codemod has written beside the application. */
const IS_NONE_OF_ITS =
  /['"]cookie-session['"]|req\.session and sessions\.open\(req\) are the same one/;

interface Count {
  readonly modules: readonly string[];
  readonly sessions: readonly string[];
}

for (const folder of positionals) {
  const copy = await mkdtemp(join(tmpdir(), "migrate-places-"));
  if (values.readme) await writeApplications(folder, copy);
  else await cp(folder, copy, { recursive: true });
  const before = await countIn(copy);
  await migrated(copy, "1");
  const between = await countIn(copy);
  await migrated(copy, "2");
  const after = await countIn(copy);
  report(basename(folder), before, between, after);
  await rm(copy, { recursive: true });
}

function report(name: string, before: Count, between: Count, after: Count): void {
  const modules = [before.modules.length - between.modules.length, before.modules.length];
  const sessions = [before.sessions.length - after.sessions.length, before.sessions.length];
  const share =
    (((modules[0] ?? 0) + (sessions[0] ?? 0)) / ((modules[1] ?? 0) + (sessions[1] ?? 0))) * 100;
  console.log(`${name}\t${modules.join("/")}\t${sessions.join("/")}\t${share.toFixed(1)} %`);
  if (values.places)
    for (const place of [...after.modules, ...after.sessions]) console.log(`\t${place}`);
}

async function migrated(folder: string, step: string): Promise<void> {
  await runCommand(["migrate", "express-session", "--step", step, "--write", "--force"], {
    env: {},
    folder,
    isTyped: false,
    now: Date.now,
    readInput: async () => undefined,
    paint: (_, text) => text,
    print: () => {},
    complain: (text) => process.stderr.write(text),
  });
}

/** Each block of JavaScript that sets express-session up and mounts it is an application. */
async function writeApplications(folder: string, copy: string): Promise<void> {
  const readme = await readFile(join(folder, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
  const applications = blocks.filter(
    (block) => /\bapp\.(use|get)\(/.test(block) && /session\(\{/.test(block),
  );
  for (const [at, block] of applications.entries()) {
    const isWhole = /require\(['"]express-session/.test(block);
    const head = isWhole ? "" : "var session = require('express-session')\n";
    await writeFile(join(copy, `application-${at}.js`), head + block);
  }
}

async function countIn(folder: string): Promise<Count> {
  const modules: string[] = [];
  const sessions: string[] = [];
  for (const path of await programsIn(folder)) {
    const text = await readFile(path, "utf8");
    if (text.length > 512 * 1024 || IS_NONE_OF_ITS.test(text)) continue;
    const name = relative(folder, path);
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const at = (node: ts.Node): string => {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      return `${name}:${line + 1} ${text.split("\n")[line]?.trim()}`;
    };
    const visit = (node: ts.Node): void => {
      if (isModuleName(node)) modules.push(at(node));
      if (!TEST.test(name) && isSession(node)) sessions.push(at(node));
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { modules, sessions };
}

async function programsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const paths = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.test(entry.name) ? [] : programsIn(path);
    return /\.[cm]?[jt]sx?$/.test(entry.name) && !entry.name.includes(".min.") ? [path] : [];
  });
  return (await Promise.all(paths)).flat();
}

/** The name of express-session, or of a file in it, where a module is named. */
function isModuleName(node: ts.Node): boolean {
  if (!ts.isStringLiteral(node) || !/^express-session($|\/)/.test(node.text)) return false;
  const { parent } = node;
  if (ts.isCallExpression(parent)) return !/debug|deprecate|depd/.test(parent.expression.getText());
  return (
    ts.isImportDeclaration(parent) ||
    ts.isExportDeclaration(parent) ||
    ts.isExternalModuleReference(parent) ||
    ts.isModuleDeclaration(parent) ||
    ts.isLiteralTypeNode(parent)
  );
}

/** `req.session`, `req.sessionID`, `req["session"]`, `{ session } = req`. */
function isSession(node: ts.Node): boolean {
  const names = /^session(ID|Store)?$/;
  if (ts.isPropertyAccessExpression(node)) {
    return names.test(node.name.text) && isRequest(node.expression);
  }
  if (ts.isElementAccessExpression(node)) {
    const key = node.argumentExpression;
    return ts.isStringLiteral(key) && names.test(key.text) && isRequest(node.expression);
  }
  if (!ts.isBindingElement(node)) return false;
  const name = (node.propertyName ?? node.name).getText();
  const holder = node.parent.parent;
  const isTaken = ts.isVariableDeclaration(holder) && holder.initializer !== undefined;
  return names.test(name) && isTaken && isRequest(holder.initializer);
}

function isRequest(node: ts.Node | undefined): boolean {
  if (node === undefined) return false;
  const isWrapper =
    ts.isParenthesizedExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isTypeAssertionExpression(node);
  if (isWrapper) return isRequest(node.expression);
  return /(^|\.)_?req(uest)?$/.test(node.getText());
}
