import { OptionsError } from "./errors.ts";
import type { RequestHead } from "./exchange.ts";
import type { NodeRequest, SessionSource } from "./sessions.ts";

/** What `read` sees of its source. */
export function headOf(source: SessionSource): RequestHead {
  if (source instanceof Request) return requestHead(source);
  if (source instanceof Headers) return headersHead(source);
  if (isNodeRequest(source)) return new IncomingHead(source);
  throw new OptionsError("read(source)", "pass a Request, a Headers or an IncomingMessage.");
}

/** A web request, as the engine sees it. */
export function requestHead(request: Request, remoteAddress?: string): RequestHead {
  const url = new URL(request.url);
  return {
    method: request.method,
    target: url.pathname + url.search,
    header: (name) => request.headers.get(name) ?? (name === "host" ? url.host : undefined),
    isEncrypted: url.protocol === "https:",
    remoteAddress,
    names: () => [...request.headers.keys()],
  };
}

/** A Node request, as the engine sees it. */
export class IncomingHead implements RequestHead {
  readonly isEncrypted: boolean;
  readonly remoteAddress: string | undefined;
  readonly #request: NodeRequest;

  constructor(request: NodeRequest) {
    this.#request = request;
    // Read at once: a socket forgets them when its visitor leaves. Node keeps the address for each
    // connection, so that further requests on it do not ask the system again.
    const { socket } = request;
    this.isEncrypted = socket?.encrypted === true;
    this.remoteAddress = socket?.remoteAddress;
  }

  get method(): string {
    return this.#request.method ?? "GET";
  }

  get target(): string {
    return this.#request.url ?? "/";
  }

  get httpVersion(): string | undefined {
    return this.#request.httpVersion;
  }

  names(): readonly string[] {
    return Object.keys(this.#request.headers);
  }

  header(name: string): string | undefined {
    // HTTP/2 has no Host (RFC 9113 §8.3.1).
    const { headers } = this.#request;
    const value = headers[name] ?? (name === "host" ? headers[":authority"] : undefined);
    return typeof value === "object" ? value.join(", ") : value;
  }
}

/** Bare headers tell nothing of the connection. */
function headersHead(headers: Headers): RequestHead {
  return {
    method: "GET",
    target: "/",
    header: (name) => headers.get(name) ?? undefined,
    isEncrypted: undefined,
    remoteAddress: undefined,
  };
}

function isNodeRequest(source: unknown): source is NodeRequest {
  return typeof source === "object" && source !== null && "headers" in source && "socket" in source;
}
