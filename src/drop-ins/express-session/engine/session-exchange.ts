import type { ServerResponse } from "node:http";
import type { Exchange, Reply, RequestHead } from "../../../core/exchange.ts";
import { nodeExchange } from "../../../frameworks/port/node-exchange.ts";
import type { Cookie, CookieOptions } from "../cookie.ts";
import type { SessionRequest } from "../request.ts";

/** What the response's cookie is made of, once the session is open. */
export interface CookieSource {
  /** The cookie as the application has left it. Made where somebody asks for it. */
  readonly cookie: Cookie;
  /** What is known of it without making it. */
  readonly attributes: Pick<CookieOptions, "secure">;
  /** Whether it is sent though the browser holds the session's token. */
  readonly isDue: boolean;
}

/** A request that the middleware has seen. */
export interface SeenRequest extends SessionRequest {
  [KEPT]?: KeptSession | undefined;
}

/** Its session, once that is open. */
export interface KeptSession {
  readonly id: string;
  regenerate(): Promise<void>;
  generate(): void;
}

/** On the request itself: a WeakMap costs each request more, most of it in the garbage collector. */
export const KEPT: unique symbol = Symbol("sojourn.express-session");

/** A request and its response, with what the signed cookie needs to know of them. */
export class SessionExchange implements Exchange {
  readonly request: RequestHead;
  readonly reply: Reply;
  readonly raw: SessionRequest;
  source: CookieSource | undefined;

  constructor(request: SessionRequest, response: ServerResponse) {
    const exchange = nodeExchange(request, response);
    this.request = exchange.request;
    this.reply = exchange.reply;
    this.raw = request;
  }
}
