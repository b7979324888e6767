import type { Context } from "hono";
import { WebHead } from "../../core/request-head.ts";

/** What the runtime's server gives to Hono as bindings. */
export interface ServerBindings {
  /** By `@hono/node-server`. */
  readonly incoming?: {
    readonly socket?: { readonly remoteAddress?: string; readonly encrypted?: boolean };
    readonly httpVersion?: string;
  };
  /** By `Deno.serve(app.fetch)`. */
  readonly remoteAddr?: { readonly hostname?: string };
  /** By Bun, which passes the server itself. */
  requestIP?(request: Request): { readonly address: string } | null;
}

/** A request in Hono, as the engine sees it. */
export class HonoHead extends WebHead {
  readonly httpVersion: string | undefined;

  constructor({ req, env }: Context) {
    const { raw } = req;
    const bindings = env as ServerBindings | undefined;
    const incoming = bindings?.incoming;
    const socket = incoming?.socket;
    // Read at once: a socket forgets it when its visitor leaves.
    const remoteAddress =
      socket?.remoteAddress ??
      bindings?.remoteAddr?.hostname ??
      bindings?.requestIP?.(raw)?.address;
    super(raw, remoteAddress, socket?.encrypted === true || raw.url.startsWith("https:"));
    this.httpVersion = incoming?.httpVersion;
  }
}
