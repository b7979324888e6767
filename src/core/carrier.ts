import type { Rejection } from "./events.ts";
import type { Exchange, RequestHead } from "./exchange.ts";
import type { SessionToken } from "./token.ts";

/** The tokens that a request's cookies may hold, before anything else is known of them. */
export interface Presented {
  /** Values under the session's cookie name, in the order of the header. */
  readonly values: readonly string[];
  /** Why none of them is to be believed. */
  readonly refused: Rejection | undefined;
  /** Whether more cookies came under our names than one session has. */
  readonly hasSurplus: boolean;
}

/** How the token travels between the browser and us. */
export interface Carrier {
  read(request: RequestHead): Presented;
  /**
   * Why no cookie can be sent, and what to do about it; `undefined` where one can. Not over plain
   * HTTP. Told to the developer too, once.
   */
  obstacle(request: RequestHead): string | undefined;
  /** Sends the token; the cookie ends with the browser unless `maxAgeMs` is given. */
  send(exchange: Exchange, token: SessionToken, maxAgeMs: number | undefined): void;
  /** Tells the browser to forget the cookie. */
  expire(exchange: Exchange): void;
  /**
   * Tells it to forget cookies in other places than the current one: those that came more than once,
   * or `all` that came.
   */
  expireStale(exchange: Exchange, which: "surplus" | "all"): void;
  /** Present where more travels than the session's own cookie. */
  readonly extras?: CookieExtras;
}

/** Cookies beside the session's own. */
export interface CookieExtras {
  /** Whether there is something to send, now that everything about the response is settled. */
  readonly isPending: boolean;
  /** Sends it; the cookies end with the browser unless `maxAgeMs` is given. */
  send(exchange: Exchange, maxAgeMs: number | undefined): void;
}
