import type { IncomingMessage, ServerResponse } from "node:http";
import { plainText, SessionError } from "../core/errors.ts";
import type { Exchange, Reply } from "../core/exchange.ts";
import { IncomingHead } from "../core/source.ts";

/** A Node request and its response, as the engine sees them. */
export function nodeExchange(req: IncomingMessage, res: ServerResponse): Exchange {
  return { request: new IncomingHead(req), reply: new NodeReply(res) };
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

  addCookie(line: string): void {
    this.#res.appendHeader("Set-Cookie", line);
  }
}

/** What a visitor reads where there is no error page: the status, and nothing of the cause. */
export function plainAnswer(error: unknown): { readonly status: number; readonly body: string } {
  const status = error instanceof SessionError ? error.status : 500;
  return { status, body: plainText(status) };
}
