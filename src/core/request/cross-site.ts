import type { Address } from "../environment.ts";
import { CrossSiteError, OptionsError } from "../errors.ts";
import type { RequestHead } from "../exchange.ts";
import { oneOf, requireKnownKeys } from "../option-checks.ts";

/** Which sites' pages may send what changes something; see {@link CrossSite}. */
export interface CrossSiteOptions {
  /**
   * Other origins whose pages may do so, exactly as browsers write them: `"https://accounts.example"`,
   * with the port where it is not the usual one. Neither a path nor a pattern.
   */
  readonly trustedOrigins: readonly string[];
}

/**
 * What becomes of a request that another site's page sends in the visitor's name: `"refuse"`, which may
 * have exceptions, or `"allow"` for whoever checks it elsewhere.
 */
export type CrossSite = "refuse" | "allow" | CrossSiteOptions;

const ADVICE = {
  origins: 'Write trustedOrigins: ["https://accounts.example"].',
  origin: 'Write trustedOrigins: ["https://accounts.example"].',
};

/**
 * Tells requests that another site's page has sent from the application's own (OWASP ASVS 5.0, 3.5.1).
 *
 * The rules are those of Go's `http.CrossOriginProtection`, and one more where the scheme is known. No
 * page can make a browser send other values of the two headers. Whoever sends neither is no browser,
 * and so has no visitor's cookies to abuse.
 */
export class CrossSiteRule {
  readonly isAllowed: boolean;
  readonly #trusted: ReadonlySet<string>;
  readonly #addressOf: (request: RequestHead) => Address;
  readonly #isMeant: (request: RequestHead) => boolean;

  /** @throws {@link OptionsError} for what is no origin, and for an unknown word. */
  constructor(
    option: CrossSite | undefined,
    addressOf: (request: RequestHead) => Address,
    isMeant: (request: RequestHead) => boolean = () => false,
  ) {
    this.isAllowed = option === "allow";
    this.#trusted = new Set(typeof option === "object" ? trustedIn(option) : []);
    this.#addressOf = addressOf;
    this.#isMeant = isMeant;
    if (typeof option !== "object") oneOf("crossSite", option, ["refuse", "allow"]);
  }

  /** The error to refuse a request with; `undefined` where there is no reason to. */
  refusalOf(request: RequestHead): CrossSiteError | undefined {
    if (isSafe(request) && !isUpgrade(request)) return undefined;
    return this.refusalOfConnection(request);
  }

  /** As {@link refusalOf}, of a request that opens a connection, by whatever method. */
  refusalOfConnection(request: RequestHead): CrossSiteError | undefined {
    if (this.#isMeant(request)) return undefined;
    const site = request.header("sec-fetch-site");
    if (site === "same-origin" || site === "none") return undefined;
    const origin = request.header("origin");
    // By the method a request changes something, whatever a header or a field calls it instead.
    if (origin === undefined)
      return site === undefined ? undefined : refused(request, site, origin);
    if (this.#trusted.has(origin)) return undefined;
    const isKnownOwn = site === undefined && isOwn(origin, this.#addressOf(request));
    return isKnownOwn ? undefined : refused(request, site, origin);
  }
}

/** RFC 9110, 9.2.1. */
function isSafe({ method }: RequestHead): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS" || method === "TRACE";
}

/** Browsers let every page open a WebSocket to every site, with its cookies, and ask nobody before. */
function isUpgrade(request: RequestHead): boolean {
  return (
    request.header("upgrade")?.toLowerCase() === "websocket" ||
    request.header("sec-fetch-mode") === "websocket"
  );
}

/** One origin and no more, as browsers write it; what is opaque to them is `null`. */
const ORIGIN = /^(https?):\/\/([^\s/?#@,*\\]+)$/;

function isOwn(origin: string, { host, isSecure }: Address): boolean {
  const [, scheme, name] = ORIGIN.exec(origin) ?? [];
  if (name === undefined || host === undefined) return false;
  // Over plain HTTP anyone on the way can write a page. A socket that is plain may have a proxy
  // before it that ends TLS and is not believed, so the other way round nothing is known.
  if (isSecure && scheme === "http") return false;
  const usualPort = scheme === "http" ? ":80" : ":443";
  const own = host.toLowerCase();
  return own === name || own === `${name}${usualPort}`;
}

function refused(
  { method }: RequestHead,
  site: string | undefined,
  origin: string | undefined,
): CrossSiteError {
  return new CrossSiteError("site", method, { site, origin });
}

function trustedIn(option: CrossSiteOptions): readonly string[] {
  requireKnownKeys("crossSite", option, ["trustedOrigins"], ADVICE);
  const { trustedOrigins } = option;
  if (!Array.isArray(trustedOrigins)) {
    throw new OptionsError(
      "crossSite.trustedOrigins",
      'must be a list, such as ["https://accounts.example"].',
    );
  }
  const wrong = trustedOrigins.findIndex((origin) => !isOrigin(origin));
  if (wrong < 0) return trustedOrigins;
  throw new OptionsError(
    `crossSite.trustedOrigins[${wrong}]`,
    `${JSON.stringify(trustedOrigins[wrong])} is no origin as browsers write it. Write scheme and ` +
      'host in lower case, a port where it is not the usual one, and no path: "https://accounts.example".',
  );
}

function isOrigin(text: unknown): boolean {
  return typeof text === "string" && ORIGIN.test(text) && URL.parse(text)?.origin === text;
}
