import type { Development } from "../core/environment.ts";
import type { RequestHead } from "../core/exchange.ts";
import { cookieValues } from "./cookie-header.ts";
import {
  type CookieOptions,
  developmentCookie,
  type ResolvedCookie,
  resolveCookie,
} from "./cookie-options.ts";
import { isNearby } from "./development.ts";
import { insecureReason, type Situation } from "./insecure-reason.ts";
import { resolveTrust, type Transport, type TrustProxy, trustedPeers } from "./trust.ts";

/** What the choice of a cookie takes from the application and from outside. */
export interface ChoiceParts {
  readonly name: string;
  readonly cookie: CookieOptions | undefined;
  readonly trustProxy: TrustProxy | undefined;
  readonly development: Development | undefined;
  readonly nodeEnv?: string | undefined;
}

/** Decides which form of a cookie a connection carries, if any. */
export class CookieChoice {
  /** The cookie of HTTPS. */
  readonly cookie: ResolvedCookie;
  /** Its plain form, where there is development over plain HTTP. */
  readonly plain: ResolvedCookie | undefined;
  readonly #development: Development | undefined;
  readonly #transportOf: (request: RequestHead) => Transport;
  readonly #situation: Situation;

  constructor({ name, cookie, trustProxy, development, nodeEnv }: ChoiceParts) {
    this.cookie = resolveCookie(name, cookie);
    this.#development = development;
    this.#transportOf = resolveTrust(trustProxy);
    const isForHttps = [trustProxy, cookie?.secure, cookie?.prefix].some(
      (given) => given !== undefined,
    );
    const isTrusted = trustedPeers(trustProxy);
    this.#situation = { isTrusted, development, nodeEnv, isForHttps };
    const hasPlain = development === "named" || (development === "assumed" && !isForHttps);
    this.plain = hasPlain ? developmentCookie(this.cookie) : undefined;
  }

  /** The cookie that the connection carries; `undefined` where none may travel. */
  for(request: RequestHead): ResolvedCookie | undefined {
    if (!this.cookie.attributes.secure) return this.cookie;
    const transport = this.#transportOf(request);
    if (transport === "secure" || transport === "unknown") return this.cookie;
    const isNear = this.#development === "named" ? isNearby(request) : transport === "loopback";
    return isNear ? this.plain : undefined;
  }

  /** What a `Cookie` header holds of the one that the connection carries. */
  valuesIn(header: string, carried: ResolvedCookie, request: RequestHead): readonly string[] {
    const values = cookieValues(header, carried.name);
    if (values.length > 0 || this.plain === undefined) return values;
    // Bare headers do not tell which of the two forms suits, and a test may have either.
    const other = carried === this.plain ? this.cookie : this.plain;
    return this.#transportOf(request) === "secure" ? values : cookieValues(header, other.name);
  }

  /** Why the connection carries none, and what to do about it. */
  reasonAgainst(request: RequestHead): string {
    return insecureReason(request, this.#situation);
  }
}
