import { createContext } from "react-router";
import type { Session } from "sojourn";
import { sessionMiddleware } from "sojourn/react-router";
import type { AdapterData, AdapterRoute } from "sojourn/testing";

export const sessionContext = createContext<Session<AdapterData>>();

/** What one request of a page does. */
export interface Turn {
  readonly request: Request;
  readonly context: { get<T>(context: { defaultValue?: T }): T };
}

/** What the tests and this application know of each other. */
export interface Suite {
  routes: ReadonlyMap<string, AdapterRoute>;
  pages: Readonly<Record<string, (turn: Turn) => unknown>>;
  sessionMiddleware: typeof sessionMiddleware;
  sessionContext: typeof sessionContext;
}

declare global {
  var suite: Suite;
}

globalThis.suite ??= { routes: new Map(), pages: {}, sessionMiddleware, sessionContext };

/** Each test puts its own in its place. */
export const MOUNTED: [] = [];
