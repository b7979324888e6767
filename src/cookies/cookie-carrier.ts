import type { Carrier, Presented } from "../core/carrier.ts";
import type { Development } from "../core/environment.ts";
import type { Exchange, RequestHead } from "../core/exchange.ts";
import { CookieChoice } from "./cookie-choice.ts";
import { cookieValues } from "./cookie-header.ts";
import type { CookieOptions, ResolvedCookie } from "./cookie-options.ts";
import { expireCookie, serializeCookie } from "./set-cookie.ts";
import { expireStale } from "./stale-cookies.ts";
import type { TrustProxy } from "./trust.ts";

/** How the cookie is made, and when it may travel. */
export interface CarrierOptions {
  /** The cookie's attributes. Left out, they are the strictest that sign-in by link allows. */
  readonly cookie?: CookieOptions | undefined;
  /**
   * Which proxies to believe that the browser's connection is encrypted. Needed behind a proxy
   * that ends TLS, or no cookie is sent: `["loopback"]`, `["private"]`, addresses, CIDR ranges,
   * or `"all"` where only the proxy can reach this process. Where it says "http", that counts, though
   * the proxy itself may speak TLS to this process.
   *
   * @defaultValue none
   */
  readonly trustProxy?: TrustProxy | undefined;
}

/** What a carrier takes from outside. */
export interface CarrierParts {
  readonly name: string;
  readonly development: Development | undefined;
  readonly nodeEnv?: string | undefined;
  readonly notice: (sentence: string) => void;
  readonly now: () => number;
}

/** Carries a token, or any other text that a cookie can hold. */
export interface CookieCarrier extends Carrier {
  /** The cookie's full name, prefix included. */
  readonly cookieName: string;
  send(exchange: Exchange, value: string, maxAgeMs: number | undefined): void;
  /** The cookie as the connection carries it, where the request brought it, or more than one of it. */
  brought(request: RequestHead, which: "surplus" | "all"): ResolvedCookie | undefined;
}

/** Carries the token in a cookie. */
export function cookieCarrier(options: CarrierOptions, parts: CarrierParts): CookieCarrier {
  const { cookie, trustProxy } = options;
  const choice = new CookieChoice({ ...parts, cookie, trustProxy });
  const read = (request: RequestHead): Presented => presented(choice, request);
  const brought: CookieCarrier["brought"] = (request, which) => {
    const { values, hasSurplus } = read(request);
    const isThere = hasSurplus || (which === "all" && values.length > 0);
    return isThere ? choice.for(request) : undefined;
  };
  return {
    cookieName: choice.cookie.name,
    read,
    brought,
    obstacle: (request) => {
      if (choice.for(request) !== undefined) return undefined;
      const reason = choice.reasonAgainst(request);
      parts.notice(`No session cookie was sent, and no new session stored: ${reason}`);
      return reason;
    },
    send: ({ request, reply }, value, maxAgeMs) => {
      const carried = choice.for(request);
      if (carried === undefined) return;
      const isAssumed = carried === choice.plain && parts.development === "assumed";
      if (isAssumed) parts.notice(plainNotice(carried.name));
      const lifetime = maxAgeMs === undefined ? undefined : { maxAgeMs, now: parts.now() };
      reply.addCookie(serializeCookie(carried.name, value, carried.attributes, lifetime));
    },
    expire: ({ request, reply }) => {
      const carried = choice.for(request);
      if (carried === undefined) return;
      reply.addCookie(expireCookie(carried.name, carried.attributes));
    },
    expireStale: (exchange, which) => {
      const carried = brought(exchange.request, which);
      if (carried !== undefined) expireStale(exchange, [carried]);
    },
  };
}

const NOTHING: Presented = { values: [], refused: undefined, hasSurplus: false };

function presented(choice: CookieChoice, request: RequestHead): Presented {
  const header = request.header("cookie");
  if (header === undefined) return NOTHING;
  const carried = choice.for(request);
  if (carried === undefined) {
    const isPresent = cookieValues(header, choice.cookie.name).length > 0;
    return isPresent ? { ...NOTHING, refused: "insecure" } : NOTHING;
  }
  const values = choice.valuesIn(header, carried, request);
  const hasSurplus = values.length > 1;
  return hasSurplus && !mayBeSeveral(carried)
    ? { values: [], refused: "duplicate", hasSurplus }
    : { values, refused: undefined, hasSurplus };
}

/** In the places that its prefix leaves open a browser may keep several cookies of one name. */
function mayBeSeveral({ prefix, attributes }: ResolvedCookie): boolean {
  return !prefix.startsWith("__Host-") || attributes.partitioned;
}

function plainNotice(name: string): string {
  return (
    `As NODE_ENV is not set, this counts as development: the cookie "${name}", without Secure, was ` +
    "sent over plain HTTP to a browser on this machine. In production set NODE_ENV=production, and " +
    'behind a proxy that ends TLS trustProxy, for instance trustProxy: ["loopback"].'
  );
}
