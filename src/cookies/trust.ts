import { BlockList, isIP } from "node:net";
import { OptionsError } from "../core/errors.ts";
import type { RequestHead } from "../core/exchange.ts";

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
  /** Plain, from this very machine to this very machine. */
  | "loopback"
  /** Plain, over a network. */
  | "insecure"
  /** Nothing but headers was given. */
  | "unknown";

const RANGES: ReadonlyMap<string, readonly string[]> = new Map([
  ["loopback", ["127.0.0.0/8", "::1/128"]],
  ["private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]],
]);

const LOOPBACK = blockList(["loopback"]);

/**
 * Prepares the judgement of connections.
 *
 * @throws {@link OptionsError} for what is neither an address, a range nor a known name.
 */
export function resolveTrust(trust: TrustProxy | undefined): (request: RequestHead) => Transport {
  const isTrusted = trustedPeers(trust);
  return (request) => {
    if (request.isEncrypted === undefined) return "unknown";
    if (request.isEncrypted) return "secure";
    return request.header("x-forwarded-proto") === undefined
      ? directTransport(request)
      : forwardedTransport(request, isTrusted);
  };
}

/** A Host header alone proves nothing: a proxy's may say localhost. */
function directTransport(request: RequestHead): Transport {
  const isLoopback = isIn(LOOPBACK, request.remoteAddress) && isLoopbackHost(request);
  return isLoopback ? "loopback" : "insecure";
}

function forwardedTransport(
  request: RequestHead,
  isTrusted: (address: string | undefined) => boolean,
): Transport {
  return isTrusted(request.remoteAddress) && isForwardedSecure(request) ? "secure" : "insecure";
}

function trustedPeers(trust: TrustProxy | undefined): (address: string | undefined) => boolean {
  if (trust === undefined) return () => false;
  if (trust === "all") return () => true;
  if (!Array.isArray(trust)) throw refused(trust);
  const peers = blockList(trust);
  return (address) => isIn(peers, address);
}

function blockList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    for (const range of RANGES.get(entry) ?? [entry]) addRange(list, range);
  }
  return list;
}

function addRange(list: BlockList, range: string): void {
  const [address = "", bits, ...rest] = String(range).split("/");
  const version = isIP(address);
  const most = version === 6 ? 128 : 32;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (rest.length > 0 || version === 0 || prefix < 0 || prefix > most) throw refused(range);
  list.addSubnet(address, prefix, version === 6 ? "ipv6" : "ipv4");
}

function refused(entry: unknown): OptionsError {
  return new OptionsError(
    "trustProxy",
    `${JSON.stringify(entry)} is no proxy. Write "all", or a list such as ["loopback"], ` +
      '["private"], ["10.0.0.0/8", "2001:db8::7"].',
  );
}

function isIn(list: BlockList, address: string | undefined): boolean {
  if (address === undefined) return false;
  // A dual-stack socket shows an IPv4 peer as ::ffff:127.0.0.1.
  const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
  const version = isIP(plain);
  return version !== 0 && list.check(plain, version === 6 ? "ipv6" : "ipv4");
}

/** Of a chain of proxies each must have been reached over TLS. */
function isForwardedSecure(request: RequestHead): boolean {
  const protocols = request.header("x-forwarded-proto")?.split(",") ?? [];
  return (
    protocols.length > 0 && protocols.every((protocol) => protocol.trim().toLowerCase() === "https")
  );
}

function isLoopbackHost(request: RequestHead): boolean {
  const host = (request.header("host") ?? "").toLowerCase().replace(/:\d*$/, "");
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    host === "[::1]" ||
    (isIP(host) === 4 && isIn(LOOPBACK, host))
  );
}
