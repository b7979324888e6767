import { describe, expect, it } from "vitest";
import { resolveClient } from "../../src/cookies/client-address.ts";
import { canonicalAddress, networkOf } from "../../src/core/client-address.ts";
import type { RequestHead } from "../../src/core/exchange.ts";

function request(remoteAddress: string | undefined, forwarded?: string): RequestHead {
  const header = (name: string): string | undefined =>
    name === "x-forwarded-for" ? forwarded : undefined;
  return { method: "GET", target: "/", header, isEncrypted: true, remoteAddress };
}

describe("an address", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["192.0.2.7:50000", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::FFFF:c000:207", "192.0.2.7"],
    ["0:0:0:0:0:ffff:c000:0207", "192.0.2.7"],
    ["2001:DB8::1", "2001:db8:0:0:0:0:0:1"],
    ["2001:0db8:0:0::0001", "2001:db8:0:0:0:0:0:1"],
    ["[2001:db8::1]:443", "2001:db8:0:0:0:0:0:1"],
    ["fe80::1%eth0", "fe80:0:0:0:0:0:0:1"],
    ["::", "0:0:0:0:0:0:0:0"],
    ["2001:db8::", "2001:db8:0:0:0:0:0:0"],
  ])("has one spelling for all that it has: %s [CVE-2026-45364]", (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  it.each([
    "",
    "unknown",
    "_hidden",
    "192.0.2.256",
    "1.2.3",
    "010.0.0.1",
    "::g",
    "1::2::3",
    "0x7f.1",
  ])("is not what only looks like one: %s", (text) => {
    expect(canonicalAddress(text)).toBeUndefined();
  });

  it("is of the network that one visitor is given", () => {
    expect(networkOf("192.0.2.7", 32)).toBe("192.0.2.7");
    expect(networkOf("192.0.2.7", 24)).toBe("192.0.2.0/24");
    expect(networkOf("2001:db8:1:2:3:4:5:6", 32)).toBe("2001:db8:1:2::/64");
  });
});

describe("whose request it is", () => {
  const client = (...given: Parameters<typeof request>): string | undefined =>
    resolveClient(["loopback", "10.0.0.0/8"])(request(...given));

  it("is told by the socket where no trusted proxy says otherwise", () => {
    expect(client("198.51.100.1", "203.0.113.9")).toBe("198.51.100.1");
    expect(client("127.0.0.1")).toBe("127.0.0.1");
    expect(client(undefined, "203.0.113.9")).toBeUndefined();
  });

  it("is the nearest address that is no trusted proxy's, whatever the client has written before it", () => {
    expect(client("127.0.0.1", "1.1.1.1, 203.0.113.9, 10.1.2.3")).toBe("203.0.113.9");
    expect(client("::ffff:127.0.0.1", "spoofed, 203.0.113.9")).toBe("203.0.113.9");
    expect(client("127.0.0.1", "203.0.113.9, nonsense")).toBe("127.0.0.1");
  });

  it("is what the nearest proxy says where nothing but proxies can connect", () => {
    const all = resolveClient("all");
    expect(all(request(undefined, "1.1.1.1, 203.0.113.9"))).toBe("203.0.113.9");
    expect(all(request("10.0.0.1", "nonsense"))).toBe("10.0.0.1");
  });
});
