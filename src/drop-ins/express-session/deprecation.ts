const told = new Set<string>();

/** Says once in a process that a habit is deprecated, unless `NO_DEPRECATION` names its library. */
export function deprecate(sentence: string): void {
  if (told.has(sentence) || isSilenced(process.env["NO_DEPRECATION"])) return;
  told.add(sentence);
  process.emitWarning(`express-session: ${sentence}`, "DeprecationWarning");
}

/** What express-session's users have in place to be spared. */
function isSilenced(names = ""): boolean {
  return names.split(/[ ,]+/).some((name) => name === "*" || name === "express-session");
}
