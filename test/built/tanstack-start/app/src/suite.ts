import type { sessionMiddleware } from "sojourn/tanstack-start";
import type { AdapterRoute } from "sojourn/testing";

/** What the tests and this application know of each other. */
export interface Suite {
  routes: ReadonlyMap<string, AdapterRoute>;
  sessions: readonly Parameters<typeof sessionMiddleware>[0][];
  hasAccessor: boolean;
  answered(context: { readonly session?: unknown }): void;
  failed(error: unknown): void;
  pages: Readonly<Record<string, (request: Request, context: object) => unknown>>;
}

declare global {
  var suite: Suite;
}
