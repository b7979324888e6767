import type { StoreSetup } from "./setup.ts";

/** Who says, at a newcomer's first run, that this is development. */
export type Developing =
  /** The framework's own development server, by `NODE_ENV`. */
  | "told"
  /** Nobody: what runs there is what runs in production. */
  | "untold";

/**
 * The module that makes the manager, the same for every framework. It may be imported by a build, where
 * no server can be reached: nothing in it connects before the first request.
 */
export function sessionsModule(store: StoreSetup, developing: Developing): string {
  const { imports, statements, expression } = store;
  const head = ['import { createSessions } from "sojourn";', ...imports].sort(byModule);
  const before = statements.length === 0 ? [] : [...statements, ""];
  return [
    ...head,
    "",
    ...before,
    "export const sessions = createSessions<{ visits: number }>({",
    `  store: ${expression},`,
    "  defaults: { visits: 0 },",
    ...PROXY[developing],
    "});",
    "",
  ].join("\n");
}

/** As `trustProxy` speaks of HTTPS, it would make production of a first run that nobody calls development. */
const PROXY: Readonly<Record<Developing, readonly string[]>> = {
  told: [
    "  // A proxy on this machine that ends TLS. Behind one elsewhere: its address.",
    '  trustProxy: ["loopback"],',
  ],
  untold: [
    "  // In production, a proxy on this machine that ends TLS. Behind one elsewhere: its address.",
    '  trustProxy: process.env["NODE_ENV"] === "production" ? ["loopback"] : undefined,',
  ],
};

function byModule(one: string, other: string): number {
  return moduleOf(one) < moduleOf(other) ? -1 : 1;
}

function moduleOf(line: string): string {
  return /"(.+)"/.exec(line)?.[1] ?? "";
}
