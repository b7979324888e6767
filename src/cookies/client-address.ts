import { canonicalAddress } from "../core/client-address.ts";
import type { RequestHead } from "../core/exchange.ts";
import { type Trust, type TrustProxy, trustedPeers } from "./transport.ts";

/**
 * Prepares to tell whose request it is: the nearest address of the chain (`X-Forwarded-For`) that is
 * no trusted proxy's, in its canonical form. What stands before it is the client's own word. Where
 * every peer is trusted (`"all"`) it is the one that the nearest proxy has told.
 *
 * @throws {@link OptionsError} for what is neither an address, a range nor a known name.
 */
export function resolveClient(
  trust: TrustProxy | undefined,
): (request: RequestHead) => string | undefined {
  const isTrusted = trustedPeers(trust);
  return (request) => {
    const peer = addressIn(request.remoteAddress);
    const hops = request.header("x-forwarded-for")?.split(",").reverse();
    if (hops === undefined) return peer;
    return trust === "all" ? (addressIn(hops[0]) ?? peer) : nearestOf(hops, peer, isTrusted);
  };
}

function nearestOf(
  hops: readonly string[],
  peer: string | undefined,
  isTrusted: Trust,
): string | undefined {
  let client = peer;
  for (const hop of hops) {
    const before = isTrusted(client) ? addressIn(hop) : undefined;
    if (before === undefined) break;
    client = before;
  }
  return client;
}

function addressIn(text: string | undefined): string | undefined {
  return text === undefined ? undefined : canonicalAddress(text);
}
