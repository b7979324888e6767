import type { Address } from "../core/environment.ts";
import { OptionsError } from "../core/errors.ts";
import type { RequestHead } from "../core/exchange.ts";
import { Addresses } from "./addresses.ts";

/**
 * Which proxies to believe when they say that the browser's connection is encrypted
 * (`X-Forwarded-Proto`): addresses and CIDR ranges, the names `"loopback"` and `"private"`, or
 * `"all"` where nothing but the proxy can reach this process.
 */
export type TrustProxy = "all" | readonly string[];

/** How the browser's own connection came in. */
export type Transport =
  /** Encrypted, by the socket or by the word of a trusted proxy. */
  | "secure"
  /** Plain. */
  | "insecure"
  /** Nothing but headers was given. */
  | "unknown";

/** Whether a proxy at this address is believed. */
export type Trust = (address: string | undefined) => boolean;

/**
 * Prepares the judgement of connections.
 *
 * @throws {@link OptionsError} for what is neither an address, a range nor a known name.
 */
export function resolveTransport(
  trust: TrustProxy | undefined,
): (request: RequestHead) => Transport {
  const isTrusted = trustedPeers(trust);
  return (request) => {
    const forwarded = request.header("x-forwarded-proto");
    // First: a proxy may speak TLS to this process, and plain HTTP to the browser.
    if (forwarded !== undefined && isTrusted(request.remoteAddress)) {
      return isAll("https", forwarded) ? "secure" : "insecure";
    }
    if (request.isEncrypted === undefined) return "unknown";
    return request.isEncrypted ? "secure" : "insecure";
  };
}

/**
 * Prepares to tell where browsers believe to be. A trusted proxy tells the host that they asked for; of
 * a chain the first one does.
 *
 * @throws {@link OptionsError} for what is neither an address, a range nor a known name.
 */
export function resolveAddress(trust: TrustProxy | undefined): (request: RequestHead) => Address {
  const transportOf = resolveTransport(trust);
  const isTrusted = trustedPeers(trust);
  return (request) => {
    const forwarded = request.header("x-forwarded-host");
    const isTold = forwarded !== undefined && isTrusted(request.remoteAddress);
    const [host] = isTold ? forwarded.split(",", 1) : [request.header("host")];
    return { host: host?.trim(), isSecure: transportOf(request) === "secure" };
  };
}

/**
 * Prepares the look-up of proxies.
 *
 * @throws {@link OptionsError} for what is neither an address, a range nor a known name.
 */
export function trustedPeers(trust: TrustProxy | undefined): Trust {
  if (trust === undefined) return () => false;
  if (trust === "all") return () => true;
  if (!Array.isArray(trust)) throw refused(trust);
  const peers = new Addresses(trust, refused);
  return (address) => peers.has(address);
}

/** Of a chain of proxies each says how it was reached. */
export function isAll(protocol: "http" | "https", forwarded: string): boolean {
  return forwarded.split(",").every((word) => word.trim().toLowerCase() === protocol);
}

function refused(entry: unknown): OptionsError {
  return new OptionsError(
    "trustProxy",
    `${JSON.stringify(entry)} is no proxy. Write "all", or a list such as ["loopback"], ` +
      '["private"], ["10.0.0.0/8", "2001:db8::7"].',
  );
}
