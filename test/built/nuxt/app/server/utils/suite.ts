import type { ServeRoutes } from "sojourn/testing";

type Served = Parameters<ServeRoutes>;

/** What the test has left on a request: the managers and the routes of its suite. */
export interface Suite {
  readonly managers: Served[0];
  readonly routes: Served[1];
}

export function suiteOf(event: { readonly node: { readonly req: object } }): Suite | undefined {
  return (event.node.req as { readonly suite?: Suite }).suite;
}
