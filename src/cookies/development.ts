import { isIP } from "node:net";
import type { RequestHead } from "../core/exchange.ts";
import { hostName, isNear, LOOPBACK } from "./addresses.ts";

/**
 * Headers that proxies add to what they pass on, and browsers do not send. Not Origin or Referer:
 * a sign-in elsewhere leads back to localhost with the other site's.
 */
const PROXY_SIGN =
  /^(?:x-forwarded(?:-.*)?|forwarded|via|x-real-.*|x-client-ip|x-cluster-.*|x-original-.*|x-envoy-.*|x-amzn?-.*|x-arr-.*|x-azure-.*|x-proxy.*|x-scheme|x-url-scheme|front-end-https|true-client-ip|cdn-loop|cf-.*|fastly-.*|fly-.*|forwarded-for|surrogate-capability|wl-proxy-.*|x-varnish|x-replaced-path|x-request-start|x-appengine-.*|x-vercel-.*|x-nf-.*|x-railway-.*|rndr-id)$/;

/** Those that are asked for where the request does not tell which headers it has. */
const USUAL_SIGNS: readonly string[] = [
  ...["for", "proto", "host", "port", "server", "by"].map((name) => `x-forwarded-${name}`),
  ...["x-forwarded-scheme", "x-forwarded-ssl", "x-forwarded-prefix", "forwarded", "via"],
  ...["x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "cdn-loop"],
];

/**
 * Whether a browser on this machine speaks to it directly, as far as anybody can tell: by both
 * socket and Host, as each of them alone may be a proxy's, and without any sign of one.
 */
export function isOfThisMachine(request: RequestHead): boolean {
  return (
    LOOPBACK.has(request.remoteAddress) &&
    isHostOf(request.header("host"), THIS_MACHINE, (address) => LOOPBACK.has(address)) &&
    !isPassedOn(request)
  );
}

/** nginx speaks HTTP/1.0 to its backends, or closes each connection, unless told otherwise. */
function isPassedOn(request: RequestHead): boolean {
  const { httpVersion } = request;
  if (httpVersion === undefined) {
    if (/\bclose\b/i.test(request.header("connection") ?? "")) return true;
  } else if (httpVersion < "1.1") return true;
  if (cameByHttps(request)) return true;
  const names = request.names?.() ?? USUAL_SIGNS;
  return names.some((name) => PROXY_SIGN.test(name) && request.header(name) !== undefined);
}

/**
 * A page of the request's own origin has its scheme, and browsers say whether it is one. So a proxy
 * that adds nothing is seen when a form is sent, or a link followed.
 */
function cameByHttps(request: RequestHead): boolean {
  if (request.header("sec-fetch-site") !== "same-origin") return false;
  return ["origin", "referer"].some((name) => request.header(name)?.startsWith("https:"));
}

/**
 * Whether a developer's browser speaks to a developer's machine: each address and each host that is
 * told, by the connection or by a proxy before it, is of this machine or of its own network, and
 * nobody speaks of HTTPS. That is how containers, dev servers and telephones at the same table come
 * in. Where no socket is known, the Host decides.
 */
export function isNearby(request: RequestHead): boolean {
  const { remoteAddress } = request;
  const host = request.header("host");
  const forwardedHosts = request.header("x-forwarded-host");
  const forwardedFor = request.header("x-forwarded-for");
  const protocols = request.header("x-forwarded-proto");
  return (
    (remoteAddress === undefined || isNear(remoteAddress)) &&
    isHostOf(host, NEARBY_NAMES, isNear) &&
    listed(protocols).every((protocol) => protocol.toLowerCase() === "http") &&
    listed(forwardedHosts).every((name) => isHostOf(name, NEARBY_NAMES, isNear)) &&
    listed(forwardedFor).every((entry) => isNear(addressOf(entry)))
  );
}

const THIS_MACHINE = /^(?:.+\.)?localhost$/;
/** Names that exist in private networks alone (RFC 6761, RFC 6762, ICANN's `internal`). */
const NEARBY_NAMES = /^(?:(?:.+\.)?localhost|.+\.local|.+\.internal)$/;

function isHostOf(
  host: string | undefined,
  names: RegExp,
  isAddress: (address: string) => boolean,
): boolean {
  const name = hostName(host ?? "");
  return isIP(name) === 0 ? names.test(name) : isAddress(name);
}

function listed(value: string | undefined): readonly string[] {
  return value === undefined ? NONE : value.split(",").map((entry) => entry.trim());
}

const NONE: readonly string[] = [];

/** Some proxies tell the port too. */
function addressOf(entry: string): string {
  return isIP(entry) === 0 ? hostName(entry) : entry;
}
