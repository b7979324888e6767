import type { Edit } from "../edits.ts";
import { literalText, type Syntax } from "../syntax.ts";

export const OLD_MODULE = "express-session";
export const NEW_MODULE = "sojourn/express-session";

/** What its inner files export, by their names in the package. */
const INNER: Readonly<Record<string, string>> = {
  "session/memory": "MemoryStore",
  "session/session": "Session",
  "session/store": "Store",
};

/** Whole sentences of a program that name a module. */
const DECLARATIONS = new Set([
  "import_statement",
  "export_statement",
  "import_require_clause",
  "module",
]);

/** `require(…)`, `import(…)`, and what test runners take a module's name by. */
const CALLS =
  /^(require|require\.resolve|import|import\.meta\.resolve|(jest|vi)\.\w+|(mock|t\.mock)\.module|td\.replace|proxyquire|rewire)$/;

/** The changes that make a module's name one of the drop-in; or why there are none. */
export function swapAt(name: Syntax): Edit[] | string {
  const call = callOf(name);
  if (call === undefined && !DECLARATIONS.has(name.parent?.kind ?? "")) {
    return "a text whose use is not known";
  }
  const inner = literalText(name)?.slice(OLD_MODULE.length + 1) ?? "";
  if (inner === "") return [renamed(name, NEW_MODULE)];
  if (/^session\/cookie(\.js)?$/.test(inner)) {
    return [renamed(name, `${NEW_MODULE}/session/cookie`)];
  }
  return innerSwap(name, call, INNER[inner.replace(/\.js$/, "")]);
}

function innerSwap(
  name: Syntax,
  call: Syntax | undefined,
  exported: string | undefined,
): Edit[] | string {
  if (exported === undefined) return "an inner file of express-session that the drop-in has not";
  if (call !== undefined && call.first?.text === "require") {
    const dot = { start: call.end, end: call.end, text: `.${exported}` };
    return [renamed(name, NEW_MODULE), dot];
  }
  const statement = name.parent;
  const clause = statement?.kind === "import_statement" ? statement.first : undefined;
  const [local] = clause?.children ?? [];
  if (clause?.kind !== "import_clause" || clause.children.length !== 1) return BY_HAND;
  if (local?.kind !== "identifier") return BY_HAND;
  const named = local.text === exported ? exported : `${exported} as ${local.text}`;
  return [{ start: local.start, end: local.end, text: `{ ${named} }` }, renamed(name, NEW_MODULE)];
}

const BY_HAND = "an inner file of express-session: import the name from sojourn/express-session";

function callOf(name: Syntax): Syntax | undefined {
  const call = name.parent?.kind === "arguments" ? name.parent.parent : undefined;
  const isFirst = name.parent?.first === name;
  const callee = call?.kind === "call_expression" ? call.first?.text : undefined;
  return isFirst && callee !== undefined && CALLS.test(callee) ? call : undefined;
}

/** In the quotes that it has. */
function renamed(name: Syntax, module: string): Edit {
  return { start: name.start + 1, end: name.end - 1, text: module };
}
