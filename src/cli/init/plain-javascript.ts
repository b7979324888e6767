import { stripTypeScriptTypes } from "node:module";

/**
 * A file of a set-up for a project in JavaScript: without its types, under its name there. What holds
 * markup stays as it is, as Node strips no types from it and every bundler does.
 */
export function plainJavaScript(path: string, text: string): { path: string; text: string } {
  if (path.endsWith(".tsx")) return { path, text: withJavaScriptImports(text) };
  if (!/\.m?ts$/.test(path)) return { path, text };
  return { path: asJavaScript(path), text: withJavaScriptImports(withoutTypes(text)) };
}

/** By the name that the same file has there. */
function asJavaScript(path: string): string {
  return path.replace(/\.(m?)ts$/, ".$1js");
}

function withoutTypes(text: string): string {
  return stripTypeScriptTypes(text)
    .split("\n")
    .map(tidied)
    .join("\n")
    .replace(/\n{3,}/g, "\n\n");
}

function withJavaScriptImports(text: string): string {
  const rename = (_: string, before: string, module: string): string =>
    `${before}${asJavaScript(module)}"`;
  return text.replace(/(from ")(\.[^"]+\.m?ts)"/g, rename);
}

/** Types leave blanks behind. */
function tidied(line: string): string {
  const [indent = ""] = /^ */.exec(line) ?? [];
  const rest = line
    .slice(indent.length)
    .replace(/ {2,}/g, " ")
    .replace(/ ([),;])/g, "$1");
  return (indent + rest).trimEnd();
}
