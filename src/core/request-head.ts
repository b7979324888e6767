import { OptionsError } from "./errors.ts";
import type { RequestHead } from "./exchange.ts";
import type { NodeRequest, SessionSource } from "./sessions.ts";

/** What `read` sees of its source. */
export function headOf(source: SessionSource): RequestHead {
  const head = headIn(source);
  if (head !== undefined) return head;
  throw new OptionsError("read(source)", "pass a Request, a Headers or an IncomingMessage.");
}

/** What is seen of a source that may be none; `undefined` where it is none. */
export function headIn(source: unknown): RequestHead | undefined {
  if (source instanceof Request) return new WebHead(source);
  if (source instanceof Headers) return headersHead(source);
  return isNodeRequest(source) ? new IncomingHead(source) : undefined;
}

/**
 * A web request, as the engine sees it. Its URL is parsed only where somebody asks for a part of it:
 * most requests open no session, and to parse it is most of what they would cost.
 */
export class WebHead implements RequestHead {
  readonly isEncrypted: boolean;
  readonly remoteAddress: string | undefined;
  readonly #request: Request;
  #url: URL | undefined;

  /** @param isEncrypted - Where something tells better than the URL. */
  constructor(
    request: Request,
    remoteAddress?: string,
    isEncrypted: boolean = request.url.startsWith("https:"),
  ) {
    this.#request = request;
    this.isEncrypted = isEncrypted;
    this.remoteAddress = remoteAddress;
  }

  get method(): string {
    return this.#request.method;
  }

  get target(): string {
    const { pathname, search } = this.#parsed;
    return pathname + search;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers.get(name);
    if (value !== null) return value;
    return name === "host" ? this.#parsed.host : undefined;
  }

  names(): readonly string[] {
    return [...this.#request.headers.keys()];
  }

  get #parsed(): URL {
    this.#url ??= new URL(this.#request.url);
    return this.#url;
  }
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
    // Routers take the path that they are mounted at off `url`.
    return this.#request.originalUrl ?? this.#request.url ?? "/";
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
