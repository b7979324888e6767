import type { sessionMiddleware } from "sojourn/tanstack-start";
import type { AdapterRoute } from "sojourn/testing";

/** What the tests and this application know of each other. */
export interface Suite {
  routes: ReadonlyMap<string, AdapterRoute>;
  sessions: readonly Parameters<typeof sessionMiddleware>[0][];
  pages: Readonly<Record<string, (request: Request) => unknown>>;
}

declare global {
  var suite: Suite;
}
