import type { StoreSetup } from "./setup.ts";

/**
 * The module that makes the manager, the same for every framework. It may be imported by a build, where
 * no server can be reached: nothing in it connects before the first request.
 */
export function sessionsModule({ imports, statements, expression }: StoreSetup): string {
  const head = ['import { createSessions } from "sojourn";', ...imports].sort(byModule);
  const before = statements.length === 0 ? [] : [...statements, ""];
  return [
    ...head,
    "",
    ...before,
    "export const sessions = createSessions<{ visits: number }>({",
    `  store: ${expression},`,
    "  defaults: { visits: 0 },",
    "  // A proxy on this machine that ends TLS. Behind one elsewhere: its address.",
    '  trustProxy: ["loopback"],',
    "});",
    "",
  ].join("\n");
}

function byModule(one: string, other: string): number {
  return moduleOf(one) < moduleOf(other) ? -1 : 1;
}

function moduleOf(line: string): string {
  return /"(.+)"/.exec(line)?.[1] ?? "";
}
