import { isName, type Syntax } from "../syntax.ts";

/** What the sessions' module exports. */
export const EXPORTS = ["calledBack", "caught", "mounted", "sessions", "setJson"] as const;

/** What each of it is called in a file. */
export type Names = Readonly<Record<(typeof EXPORTS)[number], string>>;

/** Their own names, but for those that mean another thing in the file. */
export function namesIn(root: Syntax): Names {
  const taken = new Set<string>();
  for (const piece of root.all()) {
    if (isName(piece) && !isFromModule(piece)) taken.add(piece.text);
  }
  const imported = importedNames(root);
  const free = (name: string, instead: string): string =>
    taken.has(name) && !imported.has(name) ? instead : name;
  return {
    calledBack: free("calledBack", "sessionCalledBack"),
    caught: free("caught", "caughtByExpress"),
    mounted: free("mounted", "mountedSessions"),
    sessions: free("sessions", "appSessions"),
    setJson: free("setJson", "setSessionJson"),
  };
}

/** What an earlier run has imported. */
export function importedNames(root: Syntax): ReadonlySet<string> {
  const names = new Set<string>();
  for (const piece of root.all()) if (isName(piece) && isFromModule(piece)) names.add(piece.text);
  return names;
}

/** Whether a name stands in the import of the sessions' module. */
function isFromModule(piece: Syntax): boolean {
  for (const { kind, text } of piece.around()) {
    if (kind === "variable_declarator" || kind === "import_statement") return MODULE.test(text);
    if (!INNER.has(kind)) return false;
  }
  return false;
}

const INNER = new Set([
  "object_pattern",
  "pair_pattern",
  "import_clause",
  "named_imports",
  "import_specifier",
]);
const MODULE = /(sessions|sessions-of-requests)(\.[cm]?[jt]s)?['"]\)?;?$/;
