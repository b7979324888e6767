import type { NamedFinding } from "./findings-in.ts";

/** Findings for programs: a list, times as ISO dates. */
export function findingsJson(findings: readonly NamedFinding[]): string {
  return `${JSON.stringify(findings.map(plain), undefined, 2)}\n`;
}

function plain({ issuedAt, expiresAt, facts, data, ...finding }: NamedFinding): object {
  const named = facts.filter(({ name }) => name !== "");
  return {
    ...finding,
    issuedAt: isoText(issuedAt),
    expiresAt: isoText(expiresAt),
    facts: Object.fromEntries(named.map(({ name, value }) => [name, value])),
    data,
  };
}

function isoText(at: number | undefined): string | undefined {
  if (at === undefined) return undefined;
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
