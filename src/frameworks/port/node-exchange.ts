import type { IncomingMessage, ServerResponse } from "node:http";
import { plainText, SessionError } from "../../core/errors.ts";
import type { Exchange, Reply } from "../../core/exchange.ts";
import { isOfPage } from "../../core/failed-page.ts";
import { IncomingHead } from "../../core/request-head.ts";
import { entranceOf } from "./entrance.ts";

/**
 * A Node request and its response, as the engine sees them. From here on the response can be held,
 * whatever of it was read before its session was opened.
 */
export function nodeExchange(req: IncomingMessage, res: ServerResponse): Exchange {
  entranceOf(res);
  return new NodeExchange(req, res);
}

class NodeExchange implements Exchange {
  readonly request: IncomingHead;
  readonly reply: NodeReply;

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.request = new IncomingHead(req);
    this.reply = new NodeReply(res);
  }
}

class NodeReply implements Reply {
  readonly #res: ServerResponse;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  get(name: string): string | undefined {
    const value = this.#res.getHeader(name);
    return Array.isArray(value) ? value.join(", ") : value?.toString();
  }

  set(name: string, value: string): void {
    this.#res.setHeader(name, value);
  }

  names(): readonly string[] {
    return this.#res.getHeaderNames();
  }

  remove(name: string): void {
    this.#res.removeHeader(name);
  }

  addCookie(line: string): void {
    // To append the first one, Node would check the line twice.
    if (this.#res.hasHeader("Set-Cookie")) this.#res.appendHeader("Set-Cookie", line);
    else this.#res.setHeader("Set-Cookie", line);
  }
}

/** What a visitor reads where there is no error page: the status, and nothing of the cause. */
export function plainAnswer(error: unknown): PlainAnswer {
  const { status, headers } = error instanceof SessionError ? error : UNKNOWN;
  return { status, headers, body: plainText(status, error) };
}

/** The answer to a failure where there is no error page. */
export interface PlainAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const UNKNOWN = { status: 500, headers: {} };

/** Lets go of what described the page that failed, before another answer is sent in its place. */
export function dropPage(res: ServerResponse): void {
  for (const name of res.getHeaderNames()) if (isOfPage(name)) res.removeHeader(name);
  // Where the handler set it: HTTP/2 has none, and warns whoever names it.
  if (Object.hasOwn(res, "statusMessage")) res.statusMessage = "";
}

/** Makes a response whose head is not out the plain answer to a failure; its body is still to be sent. */
export function becomePlainAnswer(
  res: ServerResponse,
  { status, body, headers = {} }: PlainAnswer,
): void {
  dropPage(res);
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.setHeader("Content-Type", "text/plain; charset=utf-8");
  res.setHeader("Content-Length", Buffer.byteLength(body));
  // As it is: what compression has in hand is lost where Express destroys the connection.
  res.setHeader("Cache-Control", "no-store, no-transform");
}

/** Whether nobody reads it any more: its reader has left, or it was cut. */
export function isGone(res: ServerResponse): boolean {
  const { stream } = res as { readonly stream?: { readonly destroyed: boolean } };
  return stream === undefined ? res.destroyed : stream.destroyed;
}

/** RFC 9113 §7. */
const HTTP2_INTERNAL_ERROR = 2;

/** Ends a response so that its reader sees that it is not whole. */
export function cutReply(res: ServerResponse): void {
  // An HTTP/2 stream that is merely destroyed ends well.
  const { stream } = res as { readonly stream?: { close(code: number): void } };
  if (stream === undefined) res.destroy();
  else stream.close(HTTP2_INTERNAL_ERROR);
}
