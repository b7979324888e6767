import type { Sessions } from "../../core/sessions.ts";

/** What the sessions of the suite hold. */
export interface AdapterData {
  visits: number;
  name: string;
  cart: string[];
}

/** What a framework hands to a route of the suite. */
export interface AdapterCall {
  /** What a handler of this framework passes to `sessions.open`. */
  readonly request: object;
  /** What else leads to the same session, such as Hono's `c.req.raw`. */
  readonly aliases?: readonly object[] | undefined;
  /** Sends a 103 (Early Hints) with this `Link` at once, where the framework can. */
  readonly earlyHints?: ((link: string) => unknown) | undefined;
}

/** What a route of the suite answers, for the framework to send. */
export interface AdapterAnswer {
  readonly status: number;
  /** A name may come twice, `Set-Cookie` above all: each line must go out. */
  readonly headers: [name: string, value: string][];
  /** Text to send in one piece, or pieces to stream, each as soon as it is there. */
  readonly body: string | AsyncIterable<Uint8Array> | undefined;
  /**
   * The framework's own way to answer so, where its people have one: the redirect, or the HTTP error of
   * this status, that a handler throws or calls for. Send what is described here where there is none.
   */
  readonly by?: "redirect" | "error" | undefined;
}

/** A path that the suite asks for, by GET, HEAD or POST without a body. */
export interface AdapterRoute {
  readonly path: string;
  /**
   * Whether to serve it from within: an application that is mounted in the one that has the sessions, a
   * router, a group, whatever the framework has. The path is the whole one.
   */
  readonly isMounted?: boolean | undefined;
  /** Rejects where a handler would throw: leave the error to the framework. */
  handle(call: AdapterCall): Promise<AdapterAnswer>;
}

/** An application that serves the suite's routes. */
export interface AdapterServer {
  /** The address it listens on, or its handler where no socket is needed. */
  readonly target: string | ((request: Request) => Response | Promise<Response>);
  close?(): unknown;
}

/**
 * Mounts each manager with the adapter under test, in order, and serves the routes. Mostly it is
 * one manager; none, or the same one twice, tests what happens then.
 */
export type ServeRoutes = (
  managers: readonly Sessions<AdapterData>[],
  routes: readonly AdapterRoute[],
) => AdapterServer | Promise<AdapterServer>;
