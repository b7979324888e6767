const told = new Set<string>();

/**
 * Says once in a process that a habit is deprecated. No `DeprecationWarning`: under `--throw-deprecation`
 * that would end the process, which express-session's own words never did.
 */
export function deprecate(sentence: string): void {
  if (told.has(sentence) || isSilenced()) return;
  told.add(sentence);
  process.emitWarning(`express-session: ${sentence}`, "SojournWarning");
}

/** What express-session's users have in place to be spared. */
function isSilenced(): boolean {
  if (process.noDeprecation) return true;
  const names = process.env["NO_DEPRECATION"] ?? "";
  return names.split(/[ ,]+/).some((name) => name === "*" || name === "express-session");
}
