import type { Carrier } from "../core/carrier.ts";
import type { Development } from "../core/environment.ts";
import type { Exchange, RequestHead } from "../core/exchange.ts";
import { cookieValues } from "./cookie-header.ts";
import {
  type CookieOptions,
  developmentCookie,
  type ResolvedCookie,
  resolveCookie,
} from "./cookie-options.ts";
import { isNearby } from "./development.ts";
import { insecureReason, type Situation } from "./insecure-notice.ts";
import { expireCookie, serializeCookie } from "./set-cookie.ts";
import { expireStaleCookies } from "./stale-cookies.ts";
import { resolveTrust, type TrustProxy, trustedPeers } from "./trust.ts";

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
}

/** Carries the token in a cookie. */
export function cookieCarrier(options: CarrierOptions, parts: CarrierParts): CookieCarrier {
  const cookie = resolveCookie(parts.name, options.cookie);
  const plain = developmentCookie(cookie);
  const transportOf = resolveTrust(options.trustProxy);
  const situation = situationOf(options, parts);
  const { development } = situation;
  const mayBePlain =
    development === "named" || (development === "assumed" && !situation.isForHttps);

  /** The cookie that suits the connection; `undefined` where none may travel. */
  const suiting = (request: RequestHead): ResolvedCookie | undefined => {
    if (!cookie.attributes.secure) return cookie;
    const transport = transportOf(request);
    if (transport === "secure" || transport === "unknown") return cookie;
    const isPlain = development === "named" ? isNearby(request) : transport === "loopback";
    return mayBePlain && isPlain ? plain : undefined;
  };

  const valuesOf = (header: string, request: RequestHead): readonly string[] | undefined => {
    const suited = suiting(request);
    if (suited === undefined) return undefined;
    const values = cookieValues(header, suited.name);
    if (values.length > 0 || !mayBePlain) return values;
    // Bare headers do not tell which of the two cookies suits, and a test may have either.
    return transportOf(request) === "secure"
      ? values
      : cookieValues(header, suited === plain ? cookie.name : plain.name);
  };

  return {
    cookieName: cookie.name,
    read: (request) => {
      const header = request.header("cookie");
      if (header === undefined) return NOTHING;
      const values = valuesOf(header, request);
      if (values === undefined) {
        const isPresent = cookieValues(header, cookie.name).length > 0;
        return { values: [], refused: isPresent ? "insecure" : undefined };
      }
      // Browsers keep one cookie of a prefixed name per host: two are an attack, or no browser's.
      const isAmbiguous = values.length > 1 && suiting(request)?.prefix !== "";
      return isAmbiguous ? { values: [], refused: "duplicate" } : { values, refused: undefined };
    },
    obstacle: (request) => {
      if (suiting(request) !== undefined) return undefined;
      const reason = insecureReason(request, situation);
      parts.notice(`No session cookie was sent, and no new session stored: ${reason}`);
      return reason;
    },
    send: (exchange, value, maxAgeMs) => {
      const suited = suiting(exchange.request);
      if (suited === undefined) return;
      if (suited === plain && development === "assumed") parts.notice(plainNotice(plain.name));
      const lifetime = maxAgeMs === undefined ? undefined : { maxAgeMs, now: parts.now() };
      exchange.reply.addCookie(serializeCookie(suited.name, value, suited.attributes, lifetime));
    },
    expire: (exchange) => {
      const suited = suiting(exchange.request);
      if (suited === undefined) return;
      exchange.reply.addCookie(expireCookie(suited.name, suited.attributes));
    },
    expireStale: (exchange) => {
      const suited = suiting(exchange.request);
      if (suited === undefined) return;
      for (const line of expireStaleCookies(suited.name, suited.attributes, exchange.request)) {
        exchange.reply.addCookie(line);
      }
    },
  };
}

const NOTHING = { values: [], refused: undefined } as const;

function situationOf(
  { cookie = {}, trustProxy }: CarrierOptions,
  { development, nodeEnv }: CarrierParts,
): Situation {
  const { secure, prefix } = cookie;
  const isForHttps = [trustProxy, secure, prefix].some((given) => given !== undefined);
  return { isTrusted: trustedPeers(trustProxy), development, nodeEnv, isForHttps };
}

function plainNotice(name: string): string {
  return (
    `As NODE_ENV is not set, this counts as development: the cookie "${name}", without Secure, was ` +
    "sent over plain HTTP to a browser on this machine. In production set NODE_ENV=production, and " +
    'behind a proxy that ends TLS trustProxy, for instance trustProxy: ["loopback"].'
  );
}
