import type { Development } from "../core/environment.ts";
import type { RequestHead } from "../core/exchange.ts";
import {
  type CookieOptions,
  developmentCookie,
  type ResolvedCookie,
  resolveCookie,
} from "./cookie-options.ts";
import { isNearby, isOfThisMachine } from "./development.ts";
import { type Carried, insecureReason, type Situation } from "./insecure-reason.ts";
import { resolveTransport, type Transport, type TrustProxy, trustedPeers } from "./transport.ts";

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

/** What a manager's cookies take from outside. */
export interface CookieParts {
  readonly name: string;
  readonly development: Development | undefined;
  readonly nodeEnv?: string | undefined;
  /** Whether an option speaks of HTTPS. @defaultValue whether one of the carrier's does */
  readonly isForHttps?: boolean | undefined;
  /** What the warning says is lost where no cookie can go. @defaultValue what the session loses */
  readonly loss?: string | undefined;
  /** What is carried, for the sentences that say so. @defaultValue "cookie" */
  readonly carries?: Carried | undefined;
  readonly notice: (sentence: string) => void;
  readonly now: () => number;
}

/** A cookie as HTTPS carries it, and as development over plain HTTP does, where there is any. */
export interface CookieForms {
  readonly full: ResolvedCookie;
  readonly plain: ResolvedCookie | undefined;
}

/** What one connection may carry. */
export interface Connection {
  /** The form of every cookie on it; `undefined` where none may travel. */
  readonly form: keyof CookieForms | undefined;
  /** Whether the other form may have come all the same, as in a test without a connection. */
  readonly mayBringBoth: boolean;
}

/** Decides for all cookies of one manager which form of them a connection carries, if any. */
export class CookieRules {
  readonly name: string;
  readonly now: () => number;
  readonly #options: CookieOptions | undefined;
  readonly #notice: (sentence: string) => void;
  readonly #development: Development | undefined;
  readonly #transportOf: (request: RequestHead) => Transport;
  readonly #situation: Situation;
  readonly #loss: string;
  readonly #hasPlain: boolean;
  readonly #isSecure: boolean;

  constructor({ cookie, trustProxy }: CarrierOptions, parts: CookieParts) {
    const { name, development, nodeEnv, notice, now } = parts;
    this.name = name;
    this.now = now;
    this.#options = cookie;
    this.#loss = parts.loss ?? "No session cookie was sent, and no new session stored";
    this.#notice = notice;
    this.#development = development;
    this.#isSecure = resolveCookie(name, cookie).attributes.secure;
    this.#transportOf = resolveTransport(trustProxy);
    const isForHttps = parts.isForHttps ?? speaksOfHttps({ cookie, trustProxy });
    const isTrusted = trustedPeers(trustProxy);
    const { carries = "cookie" } = parts;
    this.#situation = { isTrusted, development, nodeEnv, isForHttps, carries };
    this.#hasPlain = development === "named" || (development === "assumed" && !isForHttps);
  }

  /** The manager's cookie, or one beside it. */
  forms(suffix = ""): CookieForms {
    const full = resolveCookie(this.name + suffix, this.#options);
    return { full, plain: this.#hasPlain ? developmentCookie(full) : undefined };
  }

  /** Whether a request may bring a cookie of ours: each has the manager's name in its own. */
  mayBring(request: RequestHead): boolean {
    return request.header("cookie")?.includes(this.name) === true;
  }

  /** Judges a connection, once for each request. */
  judge(request: RequestHead): Connection {
    if (!this.#isSecure && !this.#hasPlain) return FULL;
    const transport = this.#transportOf(request);
    if (transport === "secure") return FULL;
    if (!this.#isSecure || transport === "unknown") return this.#hasPlain ? FULL_OR_PLAIN : FULL;
    if (!this.#hasPlain) return NONE;
    const isNear = this.#development === "named" ? isNearby(request) : isOfThisMachine(request);
    return isNear ? PLAIN_OR_FULL : NONE;
  }

  /** Why a connection carries none, and what to do about it. The developer is told so, once. */
  obstacle(request: RequestHead): string {
    const reason = insecureReason(request, this.#situation);
    this.#notice(`${this.#loss}: ${reason}`);
    return reason;
  }

  /** Says, once, where it was only assumed that this is development. */
  noticePlain(name: string): void {
    if (this.#development !== "assumed") return;
    const isCookie = this.#situation.carries === "cookie";
    const what = isCookie ? `the cookie "${name}", without Secure,` : `the header "${name}"`;
    this.#notice(
      `As NODE_ENV is not set, this counts as development: ${what} ` +
        `was sent over plain HTTP to a ${isCookie ? "browser" : "client"} on this machine. In production set ` +
        "NODE_ENV=production, and behind a proxy that ends TLS trustProxy, for instance " +
        'trustProxy: ["loopback"].',
    );
  }
}

/** Whether an option is of use over HTTPS alone. */
export function speaksOfHttps({ cookie, trustProxy }: CarrierOptions): boolean {
  return [trustProxy, cookie?.secure, cookie?.prefix].some((given) => given !== undefined);
}

const FULL: Connection = { form: "full", mayBringBoth: false };
const FULL_OR_PLAIN: Connection = { form: "full", mayBringBoth: true };
const PLAIN_OR_FULL: Connection = { form: "plain", mayBringBoth: true };
const NONE: Connection = { form: undefined, mayBringBoth: false };
