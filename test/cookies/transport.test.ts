import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOfThisMachine } from "../../src/cookies/development.ts";
import { resolveTransport, type TrustProxy } from "../../src/cookies/transport.ts";
import { OptionsError } from "../../src/core/errors.ts";
import type { RequestHead } from "../../src/core/exchange.ts";

interface Facts {
  readonly host?: string;
  readonly proto?: string;
  readonly peer?: string | undefined;
  readonly isEncrypted?: boolean | undefined;
}

function head(facts: Facts): RequestHead {
  const headers: Record<string, string | undefined> = {
    host: facts.host ?? "shop.example",
    "x-forwarded-proto": facts.proto,
  };
  return {
    method: "GET",
    target: "/",
    header: (name) => headers[name],
    isEncrypted: "isEncrypted" in facts ? facts.isEncrypted : false,
    remoteAddress: "peer" in facts ? facts.peer : "203.0.113.7",
  };
}

/** `loopback` is plain, and from this very machine to this very machine. */
function transportOf(trust: TrustProxy | undefined, request: RequestHead): string {
  const word = resolveTransport(trust)(request);
  return word === "insecure" && isOfThisMachine(request) ? "loopback" : word;
}

function transport(trust: TrustProxy | undefined, facts: Facts): string {
  return transportOf(trust, head(facts));
}

describe("a connection without a proxy", () => {
  it("is what its socket is", () => {
    expect(transport(undefined, { isEncrypted: true })).toBe("secure");
    expect(transport(undefined, { isEncrypted: false })).toBe("insecure");
    expect(transport(undefined, { isEncrypted: undefined })).toBe("unknown");
  });

  it.each([
    "localhost",
    "localhost:3000",
    "app.localhost:3000",
    "127.0.0.1",
    "127.1.2.3:80",
    "[::1]:3000",
    "LOCALHOST",
  ])("is of this very machine where peer and Host both say so: %s", (host) => {
    for (const peer of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]) {
      expect(transport(undefined, { host, peer })).toBe("loopback");
    }
  });

  it.each([
    ["localhost", "203.0.113.7"],
    ["localhost", undefined],
    ["localhost", ""],
    ["localhost", "::ffff:10.0.0.1"],
    ["shop.example", "127.0.0.1"],
    ["localhost.shop.example", "127.0.0.1"],
    ["notlocalhost", "127.0.0.1"],
    ["127.0.0.1.shop.example", "127.0.0.1"],
    ["2130706433", "127.0.0.1"],
    ["", "127.0.0.1"],
  ])("is not with Host %j and peer %s", (host, peer) => {
    expect(transport(undefined, { host, peer })).toBe("insecure");
  });

  it("with a forwarded header is not of this machine, whatever the Host says", () => {
    expect(transport(undefined, { host: "localhost", peer: "127.0.0.1", proto: "http" })).toBe(
      "insecure",
    );
    expect(transport(undefined, { host: "localhost", peer: "127.0.0.1", proto: "https" })).toBe(
      "insecure",
    );
  });
});

describe("a request of this machine", () => {
  const judged = (facts: Partial<RequestHead>, headers: Record<string, string> = {}): string => {
    const all: Record<string, string> = { host: "localhost", ...headers };
    const request = { ...head({ peer: "127.0.0.1" }), header: (name: string) => all[name] };
    return transportOf(undefined, { ...request, names: () => Object.keys(all), ...facts });
  };

  it.each([
    ["0.9", "insecure"],
    ["1.0", "insecure"],
    ["1.1", "loopback"],
    ["2.0", "loopback"],
  ])("that speaks HTTP/%s is %s", (httpVersion, expected) => {
    expect(judged({ httpVersion })).toBe(expected);
  });

  it("closes its connection as it likes, where the version is known", () => {
    const closing = { connection: "close" };
    expect(judged({ httpVersion: "1.1" }, closing)).toBe("loopback");
    expect(judged({}, closing)).toBe("insecure");
    expect(judged({}, { connection: "Close, x" })).toBe("insecure");
    expect(judged({}, { connection: "keep-alive" })).toBe("loopback");
  });

  it("is seen to be passed on by any header of a proxy, also where names are not told", () => {
    for (const name of ["x-forwarded-for", "forwarded", "via", "x-real-ip", "x-forwarded-port"]) {
      expect(judged({}, { [name]: "1" })).toBe("insecure");
      expect(judged({ names: undefined } as never, { [name]: "1" })).toBe("insecure");
    }
    expect(judged({}, { "x-forwarded-whatever": "1" })).toBe("insecure");
    for (const name of ["origin", "referer", "x-forward", "viable", "x-request-id"]) {
      expect(judged({}, { [name]: "1" })).toBe("loopback");
    }
  });
});

describe("a proxy", () => {
  const trusted: [TrustProxy, string][] = [
    [["loopback"], "127.0.0.1"],
    [["loopback"], "::1"],
    [["loopback"], "::ffff:127.0.0.1"],
    [["private"], "10.1.2.3"],
    [["private"], "172.31.255.255"],
    [["private"], "192.168.0.1"],
    [["private"], "fd00::1"],
    [["203.0.113.7"], "203.0.113.7"],
    [["203.0.113.0/24"], "203.0.113.255"],
    [["2001:db8::/32"], "2001:db8:1::1"],
    [["loopback", "203.0.113.7"], "203.0.113.7"],
    [["0.0.0.0/0"], "198.51.100.1"],
    ["all", "198.51.100.1"],
  ];

  it.each(trusted)("of %j is believed from %s", (trust, peer) => {
    expect(transport(trust, { peer, proto: "https" })).toBe("secure");
    expect(transport(trust, { peer, proto: "http" })).toBe("insecure");
  });

  it.each<[TrustProxy | undefined, string | undefined]>([
    [undefined, "127.0.0.1"],
    [[], "127.0.0.1"],
    [["loopback"], "128.0.0.1"],
    [["loopback"], "10.0.0.1"],
    [["loopback"], undefined],
    [["loopback"], "not an address"],
    [["private"], "172.32.0.1"],
    [["private"], "127.0.0.1"],
    [["203.0.113.0/24"], "203.0.114.1"],
    [["203.0.113.7"], "203.0.113.8"],
    [["2001:db8::/32"], "2001:db9::1"],
  ])("of %j is not believed from %s", (trust, peer) => {
    expect(transport(trust, { peer, proto: "https" })).toBe("insecure");
  });

  it.each([
    ["https", "secure"],
    ["HTTPS", "secure"],
    [" https ", "secure"],
    ["https, https", "secure"],
    ["http, https", "insecure"],
    ["https, http", "insecure"],
    ["https,", "insecure"],
    ["", "insecure"],
    ["wss", "insecure"],
    ["https://", "insecure"],
  ])("that says %j means %s", (proto, expected) => {
    expect(transport(["loopback"], { peer: "127.0.0.1", proto })).toBe(expected);
  });

  it("is not needed where the socket itself is encrypted", () => {
    expect(transport(undefined, { isEncrypted: true, proto: "http" })).toBe("secure");
  });

  it("that is trusted is asked before the socket, which may be its own", () => {
    for (const isEncrypted of [true, false, undefined]) {
      const from = { peer: "127.0.0.1", isEncrypted };
      expect(transport(["loopback"], { ...from, proto: "http" })).toBe("insecure");
      expect(transport(["loopback"], { ...from, proto: "https" })).toBe("secure");
    }
    expect(transport(["loopback"], { peer: "127.0.0.1", isEncrypted: true })).toBe("secure");
  });
});

describe("trustProxy", () => {
  it.each<[unknown]>([
    [true],
    [1],
    ["loopback"],
    ["127.0.0.1"],
    [[true]],
    [["localhost"]],
    [["10.0.0.0/33"]],
    [["::1/129"]],
    [["10.0.0.0/"]],
    [["10.0.0.0/x"]],
    [["10.0.0.0/-1"]],
    [["10.0.0.0/8/8"]],
    [["10.0.0"]],
    [["010.0.0.1"]],
    [["constructor"]],
    [["__proto__"]],
    [["all"]],
    [[""]],
    [[null]],
    [{ length: 0 }],
  ])("may not be %o", (trust) => {
    expect(() => Reflect.apply(resolveTransport, undefined, [trust])).toThrow(OptionsError);
  });

  it("is a list of addresses, ranges and names, any that net takes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const judge = resolveTransport([address]);
        expect(judge(head({ peer: address, proto: "https" }))).toBe("secure");
      }),
    );
  });

  it("never makes a plain connection secure without a header", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.constant("::1")), fc.domain(), (peer, host) => {
        expect(transport("all", { peer, host })).not.toBe("secure");
      }),
    );
  });
});
