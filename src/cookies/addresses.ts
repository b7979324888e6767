import { BlockList, isIP } from "node:net";

/** Ranges that have a name. */
const NAMED_RANGES: ReadonlyMap<string, readonly string[]> = new Map([
  ["loopback", ["127.0.0.0/8", "::1/128"]],
  ["private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]],
]);

/** A list of ranges that addresses are looked up in. */
export class Addresses {
  readonly #list = new BlockList();

  /** @throws what `refuse` makes of a range that is none. */
  constructor(entries: readonly string[], refuse: (range: string) => Error) {
    for (const entry of entries) {
      for (const range of NAMED_RANGES.get(entry) ?? [entry]) this.#add(range, refuse);
    }
  }

  has(address: string | undefined): boolean {
    if (address === undefined) return false;
    // A dual-stack socket shows an IPv4 peer as ::ffff:127.0.0.1, and link-local ones their zone.
    const [plain = ""] = address.replace(/^::ffff:(?=\d+\.)/i, "").split("%", 1);
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 6 ? "ipv6" : "ipv4");
  }

  #add(range: string, refuse: (range: string) => Error): void {
    const [address = "", bits, ...rest] = String(range).split("/");
    const version = isIP(address);
    const most = version === 6 ? 128 : 32;
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (rest.length > 0 || version === 0 || prefix < 0 || prefix > most) throw refuse(range);
    this.#list.addSubnet(address, prefix, version === 6 ? "ipv6" : "ipv4");
  }
}

export const LOOPBACK: Addresses = new Addresses(["loopback"], Error);
export const PRIVATE: Addresses = new Addresses(["private"], Error);
/** What a machine gives itself where nobody gives it an address (RFC 3927, RFC 4291 §2.5.6). */
const LINK_LOCAL = new Addresses(["169.254.0.0/16", "fe80::/10"], Error);

/** How this machine calls itself. Looked up at once, as nearly every request of development has one. */
const USUAL: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

/** Whether an address is of this machine or of its own network. */
export function isNear(address: string): boolean {
  if (USUAL.has(address)) return true;
  const isSurelyNear = [LOOPBACK, PRIVATE, LINK_LOCAL].some((range) => range.has(address));
  return isSurelyNear || ownNetworks().has(address);
}

/**
 * For networks that have public addresses. Asked each time, as machines move; where it may not be
 * known, there are none.
 */
function ownNetworks(): Addresses {
  try {
    const { networkInterfaces } = process.getBuiltinModule("node:os");
    const found = Object.values(networkInterfaces()).flatMap((network) => network ?? []);
    return new Addresses(
      found.flatMap(({ cidr }) => cidr ?? []),
      Error,
    );
  } catch {
    return new Addresses([], Error);
  }
}

/** A host without its port and brackets, in lower case. */
export function hostName(host: string): string {
  const name = host.trim().toLowerCase().replace(/:\d*$/, "");
  return /^\[.*\]$/.test(name) ? name.slice(1, -1) : name;
}
