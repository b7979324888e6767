import type { Context } from "hono";
import type { RequestHead } from "../core/exchange.ts";
import { requestHead } from "../core/request-head.ts";

/** What the runtime's server gives to Hono as bindings. */
interface ServerBindings {
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

/**
 * A request in Hono, as the engine sees it. Its URL is parsed only where somebody asks for a part of
 * it: most requests open no session, and to parse it is most of what they would cost.
 */
export class HonoHead implements RequestHead {
  readonly method: string;
  readonly isEncrypted: boolean;
  readonly remoteAddress: string | undefined;
  readonly httpVersion: string | undefined;
  readonly #request: Request;

  constructor({ req, env }: Context) {
    const { raw } = req;
    const bindings = env as ServerBindings | undefined;
    const incoming = bindings?.incoming;
    const socket = incoming?.socket;
    this.method = raw.method;
    this.isEncrypted = socket?.encrypted === true || raw.url.startsWith("https:");
    // Read at once: a socket forgets it when its visitor leaves.
    this.remoteAddress =
      socket?.remoteAddress ??
      bindings?.remoteAddr?.hostname ??
      bindings?.requestIP?.(raw)?.address;
    this.httpVersion = incoming?.httpVersion;
    this.#request = raw;
  }

  get target(): string {
    return requestHead(this.#request).target;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers.get(name);
    if (value !== null) return value;
    return name === "host" ? requestHead(this.#request).header(name) : undefined;
  }

  names(): readonly string[] {
    return [...this.#request.headers.keys()];
  }
}
