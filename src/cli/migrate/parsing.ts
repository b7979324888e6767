import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Lang, parse, SgNode } from "@ast-grep/napi";
import { WrongInput } from "../wrong-input.ts";
import { Syntax } from "./syntax.ts";

/** Reads the text of a program; `undefined` where it does not follow the language. */
export type Parser = (path: string, source: string) => Syntax | undefined;

interface AstGrep {
  readonly parse: typeof parse;
  readonly Lang: typeof Lang;
}

/**
 * The parser, which nothing but this command needs, and which is no dependency of the library.
 *
 * @throws {@link WrongInput} where it is not installed.
 */
export async function loadParser(folder: string): Promise<Parser> {
  const { parse: parsed, Lang: languages } = await astGrep(folder);
  return (path, source) => {
    const language = isMarkupless(path) ? languages.TypeScript : languages.Tsx;
    const isTyped = /\.[cm]?tsx?$/.test(path);
    const root = parsed(isTyped ? language : languages.JavaScript, source).root();
    if (root.find({ rule: { kind: "ERROR" } }) !== null) return undefined;
    return root.children().some(lacksSomething) ? undefined : grown(root, source);
  };
}

/** `<T>value` is a type in `.ts`, and markup in `.tsx`. */
function isMarkupless(path: string): boolean {
  return extname(path) !== ".tsx";
}

async function astGrep(folder: string): Promise<AstGrep> {
  try {
    return await import("@ast-grep/napi");
  } catch {
    return await inProject(folder);
  }
}

async function inProject(folder: string): Promise<AstGrep> {
  try {
    const path = createRequire(join(folder, "package.json")).resolve("@ast-grep/napi");
    return await import(pathToFileURL(path).href);
  } catch {
    throw new WrongInput(
      "it reads programs with @ast-grep/napi, which is not here: " +
        "npx -p sojourn -p @ast-grep/napi sojourn migrate express-session.",
    );
  }
}

/** Whether the parser went on as if something stood there that does not. */
function lacksSomething(node: SgNode): boolean {
  const { start, end } = node.range();
  return start.index === end.index || node.children().some(lacksSomething);
}

function grown(node: SgNode, source: string, parent?: Syntax): Syntax {
  const { start, end } = node.range();
  const at = { kind: String(node.kind()), start: start.index, end: end.index, parent };
  const piece = new Syntax(source, at);
  for (const child of node.children()) {
    if (!child.isNamed()) piece.words.add(child.text());
    else if (child.kind() === "optional_chain") piece.words.add("?.");
    else if (child.kind() !== "comment") piece.children.push(grown(child, source, piece));
  }
  return piece;
}
