import type { Development } from "../core/environment.ts";
import type { RequestHead } from "../core/exchange.ts";
import { LOOPBACK, PRIVATE } from "./addresses.ts";
import { isAll, type Trust } from "./transport.ts";

/** What opens a session, on its way. */
export type Carried = "cookie" | "token";

/** What its way depends on, as far as it was said. */
export interface Situation {
  readonly carries: Carried;
  readonly isTrusted: Trust;
  readonly development: Development | undefined;
  /** The value of `NODE_ENV`, where there is one. */
  readonly nodeEnv?: string | undefined;
  /** Whether an option speaks of HTTPS: `trustProxy`, `cookie.secure` or `cookie.prefix`. */
  readonly isForHttps: boolean;
}

/**
 * Why it was not sent, and the one line that cures it. Nothing of the request stands in it but
 * what there are few of: each sentence is said once.
 */
export function insecureReason(request: RequestHead, situation: Situation): string {
  return (
    `the connection is plain HTTP, where anyone on the way could read the ${situation.carries}. ` +
    cureFor(request, situation)
  );
}

function cureFor(request: RequestHead, situation: Situation): string {
  const forwarded = request.header("x-forwarded-proto");
  const { development } = situation;
  if (forwarded !== undefined && !isAll("http", forwarded)) {
    return proxyAdvice(request, situation);
  }
  if (development === "named") {
    return situation.carries === "cookie" ? `${NAMED_ADVICE}; ${OTHER_NAMES}.` : `${NAMED_ADVICE}.`;
  }
  if (development === "assumed") {
    if (situation.isForHttps) return FOR_HTTPS_ADVICE;
    return request.remoteAddress === undefined ? UNTOLD_ADVICE : ASSUMED_ADVICE;
  }
  return productionAdvice(request, situation);
}

function proxyAdvice(request: RequestHead, { development, isTrusted }: Situation): string {
  if (isTrusted(request.remoteAddress)) {
    return "Of the proxies in front one was reached over plain HTTP (X-Forwarded-Proto): serve HTTPS all the way.";
  }
  // Where options differ by it, it may be all that is missing.
  const mode = development === "assumed" ? "NODE_ENV=production, and " : "";
  return `A proxy in front says how the browser came in, but is not trusted to: set ${mode}${trustLine(request)}.`;
}

const NAMED_ADVICE =
  "In development open http://localhost or this machine's address in its own network";
const OTHER_NAMES = 'for another name write cookie: { prefix: "", secure: false }';

const ASSUMED_ADVICE =
  "As NODE_ENV is not set, a session goes over plain HTTP only to a browser on this machine, at " +
  "http://localhost and not through a proxy. For development elsewhere (a container, a telephone, a " +
  "test without a socket) set NODE_ENV=development; behind a proxy that ends TLS set NODE_ENV=production " +
  'and trustProxy, for instance trustProxy: ["loopback"].';

/** Web servers tell their handlers in ways of their own who is at the other end. */
const UNTOLD_ADVICE =
  "As NODE_ENV is not set, a session goes over plain HTTP only to a browser on this machine, and whose " +
  "address is at the other end was not told. For development set NODE_ENV=development, or tell the " +
  "address: sessions.handle(request, handler, { remoteAddress }). Behind a proxy that ends TLS set " +
  'NODE_ENV=production and trustProxy: "all" if nothing but the proxy can reach this process.';

const FOR_HTTPS_ADVICE =
  "As NODE_ENV is not set, and trustProxy, cookie.secure or cookie.prefix is, this counts as " +
  "production. For development, at http://localhost, set NODE_ENV=development.";

function productionAdvice(request: RequestHead, { nodeEnv, isTrusted }: Situation): string {
  const isMisspelt = nodeEnv !== undefined && nodeEnv !== "production";
  const counts = isMisspelt ? `, as ${JSON.stringify(nodeEnv)} counts as production` : "";
  const trust = isTrusted(request.remoteAddress) ? "" : `, and set ${trustLine(request)}`;
  const https =
    request.header("x-forwarded-proto") === undefined
      ? "Serve HTTPS; behind a proxy that ends TLS let it send X-Forwarded-Proto"
      : "The proxy in front says that the browser itself came by plain HTTP: send browsers to HTTPS there";
  return `${https}${trust}. For development set NODE_ENV=development${counts}.`;
}

/** The option that trusts whoever is at the other end. */
function trustLine({ remoteAddress }: RequestHead): string {
  if (remoteAddress === undefined) {
    return 'trustProxy: "all" if nothing but the proxy can reach this process (without a remoteAddress none is known)';
  }
  if (LOOPBACK.has(remoteAddress)) return 'trustProxy: ["loopback"]';
  if (PRIVATE.has(remoteAddress)) return 'trustProxy: ["private"]';
  return 'trustProxy: ["…"] with its address';
}
