/**
 * An address in the one spelling that all spellings of it have here: IPv4 with four numbers, IPv6 as
 * eight groups in lower case without leading zeros. What a limit or a comparison goes by must not
 * depend on how an address is written (CVE-2026-45364).
 *
 * @returns `undefined` for what is no address. A port is taken for none of it, a zone neither.
 */
export function canonicalAddress(text: string): string | undefined {
  const trimmed = text.trim();
  const [, quad = trimmed] = /^(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/.exec(trimmed) ?? [];
  if (IPV4.test(quad)) return quad;
  const [, bracketed = trimmed] = /^\[([^\]]*)\](?::\d+)?$/.exec(trimmed) ?? [];
  const [plain = ""] = bracketed.split("%", 1);
  return /^[\da-f:.]+$/i.test(plain) && plain.includes(":") ? canonicalIpv6(plain) : undefined;
}

/**
 * The network that an address is of, as far as one visitor is given it: an IPv6 host has a /64 to
 * itself, and goes through its addresses by the day.
 *
 * @param canonical - As {@link canonicalAddress} gives it.
 * @param ipv4Bits - 24 for the neighbourhood of an IPv4 address, 32 for the address itself.
 */
export function networkOf(canonical: string, ipv4Bits: 24 | 32): string {
  if (canonical.includes(":")) return `${canonical.split(":").slice(0, 4).join(":")}::/64`;
  if (ipv4Bits === 32) return canonical;
  return `${canonical.split(".").slice(0, 3).join(".")}.0/24`;
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

/** The platform's own parser knows all the spellings (WHATWG URL, IPv6 parser). */
function canonicalIpv6(text: string): string | undefined {
  const url = `http://[${text}]`;
  if (!URL.canParse(url)) return undefined;
  const [head = "", tail] = new URL(url).hostname.slice(1, -1).split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const groups = [...before, ...zeros, ...after];
  return mappedIpv4(groups) ?? groups.join(":");
}

/** A dual-stack socket shows an IPv4 peer as ::ffff:127.0.0.1 (RFC 4291 §2.5.5.2). */
function mappedIpv4(groups: readonly string[]): string | undefined {
  if (groups.slice(0, 6).join(":") !== "0:0:0:0:0:ffff") return undefined;
  const bytes = groups.slice(6).flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
  return bytes.join(".");
}
