/** What the engine reads of a request. */
export interface RequestHead {
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly target: string;
  /** A request header by its lower-case name; several lines of one name are joined. */
  header(name: string): string | undefined;
  /**
   * Whether the socket itself is encrypted, or the request's own URL is https; `undefined` where
   * nothing is known of the connection.
   */
  readonly isEncrypted: boolean | undefined;
  /** The address at the other end of the socket, where the framework tells it. */
  readonly remoteAddress: string | undefined;
  /** Such as `"1.1"`, where the framework tells it: proxies speak 1.0 where browsers do not. */
  readonly httpVersion?: string | undefined;
  /** The lower-case names of the request's headers; where left out, those that matter are asked for. */
  names?(): readonly string[];
}

/**
 * One request and its reply, as an adapter shows it to the engine. This is all that a framework
 * has to provide; `sojourn/adapter` does the rest.
 */
export interface Exchange {
  readonly request: RequestHead;
  readonly reply: Reply;
}

/** The headers of the reply, still open to change. */
export interface Reply {
  /** A response header by its name, as set so far. */
  get(name: string): string | undefined;
  set(name: string, value: string): void;
  /** The names of the headers set so far; where left out, those that matter are asked for. */
  names?(): readonly string[];
  /** Lets go of a response header, where the framework can: those of a page that failed. */
  remove?(name: string): void;
  /** Adds one more `Set-Cookie` line; those of others stay. */
  addCookie(line: string): void;
}

/** Of whoever only reads: there is nothing to answer. */
export const NO_REPLY: Reply = {
  get: () => undefined,
  set: () => undefined,
  addCookie: () => undefined,
};

/**
 * Whether the browser fetches ahead of the visitor's wish. What is not asked for changes nothing.
 * Chromium sends Sec-Purpose, Firefox and Safari older names of it.
 */
export function isPrefetch(request: RequestHead): boolean {
  const purpose =
    request.header("sec-purpose") ?? request.header("purpose") ?? request.header("x-moz");
  return purpose !== undefined && /^(?:prefetch|preview|prerender)\b/i.test(purpose.trim());
}
