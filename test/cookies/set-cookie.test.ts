import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cookieValues } from "../../src/cookies/cookie-header.ts";
import { developmentCookie, resolveCookie } from "../../src/cookies/cookie-options.ts";
import {
  cookieAttributes,
  expireCookie,
  MAX_COOKIE_AGE_MS,
  MAX_COOKIE_BYTES,
  serializeCookie,
} from "../../src/cookies/set-cookie.ts";
import { anyText, parseSetCookie, plainCookie } from "./reference.ts";

const SECOND_MS = 1000;
const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);

function written(options: Parameters<typeof plainCookie>[0]): string {
  const cookie = plainCookie(options);
  return serializeCookie(cookie.name, "v", cookie.attributes);
}

describe("a written cookie", () => {
  it("has the strict defaults", () => {
    const { name, attributes } = resolveCookie("session");
    expect(serializeCookie(name, "token", attributes)).toBe(
      "__Host-Http-session=token; Path=/; Secure; HttpOnly; SameSite=Lax",
    );
  });

  it.each([
    [{}, "sid=v; Path=/; Secure; HttpOnly; SameSite=Lax"],
    [
      { domain: "Example.COM" },
      "sid=v; Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Lax",
    ],
    [{ path: "/app" }, "sid=v; Path=/app; Secure; HttpOnly; SameSite=Lax"],
    [{ secure: false }, "sid=v; Path=/; HttpOnly; SameSite=Lax"],
    [{ httpOnly: false }, "sid=v; Path=/; Secure; SameSite=Lax"],
    [{ sameSite: "strict" }, "sid=v; Path=/; Secure; HttpOnly; SameSite=Strict"],
    [{ sameSite: "none" }, "sid=v; Path=/; Secure; HttpOnly; SameSite=None"],
    [{ partitioned: true }, "sid=v; Path=/; Secure; HttpOnly; SameSite=Lax; Partitioned"],
    [{ priority: "low" }, "sid=v; Path=/; Secure; HttpOnly; SameSite=Lax; Priority=Low"],
    [{ priority: "medium" }, "sid=v; Path=/; Secure; HttpOnly; SameSite=Lax; Priority=Medium"],
    [{ priority: "high" }, "sid=v; Path=/; Secure; HttpOnly; SameSite=Lax; Priority=High"],
    [{ maxAge: "2h" }, "sid=v; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=7200"],
    [
      {
        domain: "example.com",
        path: "/app",
        sameSite: "none",
        partitioned: true,
        priority: "high",
        maxAge: "400d",
      },
      "sid=v; Domain=example.com; Path=/app; Secure; HttpOnly; SameSite=None; Partitioned; " +
        "Priority=High; Max-Age=34560000",
    ],
  ] as const)("turns %j into its header [WSTG-SESS-02]", (options, line) => {
    expect(written(options)).toBe(line);
  });

  it("reads back as name, value and attributes", () => {
    const token = fc.stringMatching(/^[\w!#$%&'*+.^`|~-]{1,40}$/);
    const octets = fc.stringMatching(/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{0,200}$/);
    fc.assert(
      fc.property(token, octets, fc.constantFrom("/", "/a/b"), (name, value, path) => {
        const line = serializeCookie(name, value, plainCookie({ path }).attributes);
        const attributes = { path, secure: "", httponly: "", samesite: "Lax" };
        expect(parseSetCookie(line)).toEqual({ name, value, attributes });
        expect(cookieValues(`theme=dark; ${name}=${value}`, name).at(-1)).toBe(value);
      }),
    );
  });
});

describe("a lifetime given at the write", () => {
  const { name, attributes } = plainCookie();
  const lasting = (maxAgeMs: number): string =>
    serializeCookie(name, "v", attributes, { maxAgeMs, now: NOW });

  it("becomes Max-Age and the equal Expires", () => {
    expect(lasting(14 * DAY_MS)).toBe(
      "sid=v; Path=/; Secure; HttpOnly; SameSite=Lax; " +
        "Max-Age=1209600; Expires=Sat, 05 Dec 2026 12:00:00 GMT",
    );
  });

  it("replaces the maxAge of the options", () => {
    const kept = plainCookie({ maxAge: "1d" });
    const line = serializeCookie(name, "v", kept.attributes, { maxAgeMs: SECOND_MS, now: NOW });
    expect(line.match(/Max-Age=\d+/g)).toEqual(["Max-Age=1"]);
  });

  it.each([
    [400 * DAY_MS - SECOND_MS, 34_559_999],
    [400 * DAY_MS, 34_560_000],
    [400 * DAY_MS + 1, 34_560_000],
    [Number.MAX_VALUE, 34_560_000],
    [Number.POSITIVE_INFINITY, 34_560_000],
  ])("of %d ms lasts %d seconds, never more than 400 days", (maxAgeMs, seconds) => {
    const expires = new Date(NOW + seconds * SECOND_MS).toUTCString();
    expect(lasting(maxAgeMs)).toContain(`; Max-Age=${seconds}; Expires=${expires}`);
  });

  it("is rounded up, so that a last moment does not delete the cookie", () => {
    expect(lasting(1)).toContain("; Max-Age=1;");
    expect(lasting(1001)).toContain("; Max-Age=2;");
  });

  it.each([0, -0, -1, Number.NEGATIVE_INFINITY])("of %d ms deletes the cookie", (maxAgeMs) => {
    expect(lasting(maxAgeMs)).toContain("; Max-Age=0;");
  });

  it("is refused where it is not a number, or the time is none", () => {
    const on = (now: number): string =>
      serializeCookie(name, "v", attributes, { maxAgeMs: DAY_MS, now });
    expect(() => lasting(Number.NaN)).toThrow(RangeError);
    expect(() => on(Number.NaN)).toThrow(RangeError);
    expect(() => on(Number.POSITIVE_INFINITY)).toThrow(RangeError);
  });
});

describe("a deleted cookie", () => {
  it("has no value, Max-Age=0 and an Expires at the epoch", () => {
    const { name, attributes } = resolveCookie("session");
    expect(expireCookie(name, attributes)).toBe(
      "__Host-Http-session=; Path=/; Secure; HttpOnly; SameSite=Lax; " +
        "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    );
  });

  it.each([
    { prefix: "__Host-Http-", sameSite: "strict" },
    { prefix: "__Host-", httpOnly: false, sameSite: "none", partitioned: true },
    { prefix: "__Http-", domain: "example.com", path: "/app" },
    { prefix: "__Secure-", priority: "low", maxAge: "1d" },
    { prefix: "", secure: false },
  ] as const)("repeats every attribute of %j [NIST 5.1 logout]", (options) => {
    const { name, attributes } = resolveCookie("session", options);
    const kept = parseSetCookie(serializeCookie(name, "v", attributes));
    const deleted = parseSetCookie(expireCookie(name, attributes));
    expect(deleted.name).toBe(kept.name);
    expect(deleted.attributes).toEqual({
      ...kept.attributes,
      "max-age": "0",
      expires: "Thu, 01 Jan 1970 00:00:00 GMT",
    });
  });
});

describe("name and value together", () => {
  const { name, attributes } = resolveCookie("session");
  const room = MAX_COOKIE_BYTES - name.length;

  it("may fill 4096 octets [ASVS 3.3.5]", () => {
    const line = serializeCookie(name, "v".repeat(room), attributes);
    expect(line.indexOf(";")).toBe(4096 + "=".length);
  });

  it("may not take 4097 [ASVS 3.3.5]", () => {
    const write = (): string => serializeCookie(name, "v".repeat(room + 1), attributes);
    expect(write).toThrow(RangeError);
    expect(write).toThrow(
      'The cookie "__Host-Http-session" would take 4097 octets with its value; ' +
        "browsers drop it above 4096.",
    );
  });
});

describe("a header without anything foreign in it", () => {
  const controls = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code));
  const forbidden = [...controls, "\x7f", "\x80", "\u00a0", "é", "\u2028", "\ud800", "😀"];

  it.each([...forbidden, " ", '"', ",", ";", "\\", "v; Domain=evil.test", "v\r\nX: y"])(
    "refuses the value %j and does not repeat it",
    (value) => {
      const { name, attributes } = plainCookie();
      const secret = `secret${value}secret`;
      const write = (): string => serializeCookie(name, secret, attributes);
      expect(write).toThrow(TypeError);
      expect(write).not.toThrow("secret");
    },
  );

  it.each([...forbidden, "", " ", "=", ";", ",", "(", ")", "@", "/", '"', "[", "{", "a=b", "a;b"])(
    "refuses the name %j",
    (name) => {
      const { attributes } = plainCookie();
      expect(() => serializeCookie(name, "v", attributes)).toThrow(TypeError);
      expect(() => expireCookie(name, attributes)).toThrow(TypeError);
    },
  );

  it.each(["/;", "/ ", "/\r\n", "/\0", "/\x7f", "/é", "/\u2028"])(
    "refuses the place %j, wherever it was taken from",
    (text) => {
      const { attributes } = plainCookie();
      expect(() => cookieAttributes({ ...attributes, path: text })).toThrow(TypeError);
      expect(() => cookieAttributes({ ...attributes, domain: text })).toThrow(TypeError);
    },
  );

  it("comes of whatever is written, or nothing is [CVE-2024-47764]", () => {
    const evil = fc.constantFrom(...forbidden, ";", " ", ",", "=", "; Secure", "\r\nX: y");
    const text = fc.oneof(
      fc.string(),
      anyText,
      fc.tuple(fc.stringMatching(/^\w*$/), evil).map((parts) => parts.join("")),
      fc.stringMatching(/^\w+$/),
    );
    const { attributes } = plainCookie();
    const clean = new RegExp(
      "^$|^[!-:<>-~]+=[!-:<-~]*; Path=/; Secure; HttpOnly; SameSite=Lax" +
        "; Max-Age=[0-9]+; Expires=[A-Za-z0-9 ,:+-]+ GMT$",
    );
    const time = fc.oneof(fc.double(), fc.integer());
    fc.assert(
      fc.property(text, text, time, time, (name, value, maxAgeMs, now) => {
        const line = attempt(() => serializeCookie(name, value, attributes, { maxAgeMs, now }));
        expect(line).toMatch(clean);
      }),
      { numRuns: 1000 },
    );
  });
});

function attempt(write: () => string): string {
  try {
    return write();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return "";
    throw error;
  }
}

describe("the cookie of a development server", () => {
  it("needs no HTTPS", () => {
    const { name, attributes } = developmentCookie(resolveCookie("session"));
    expect(serializeCookie(name, "v", attributes)).toBe(
      "session=v; Path=/; HttpOnly; SameSite=Lax",
    );
  });

  it("is neither Partitioned nor SameSite=None", () => {
    const { attributes } = developmentCookie(
      resolveCookie("session", { sameSite: "none", partitioned: true }),
    );
    expect(serializeCookie("session", "v", attributes)).toBe(
      "session=v; Path=/; HttpOnly; SameSite=Lax",
    );
  });

  it("leaves out the Domain, in which no loopback host lies", () => {
    const { attributes } = developmentCookie(plainCookie({ domain: "example.com" }));
    expect(serializeCookie("session", "v", attributes)).not.toContain("Domain");
  });

  it("keeps everything else", () => {
    const options = {
      prefix: "__Secure-",
      path: "/app",
      httpOnly: false,
      sameSite: "strict",
      priority: "high",
      maxAge: "1d",
    } as const;
    const { name, attributes } = developmentCookie(resolveCookie("session", options));
    expect(serializeCookie(name, "v", attributes)).toBe(
      "session=v; Path=/app; SameSite=Strict; Priority=High; Max-Age=86400",
    );
  });

  it("can be deleted like any other", () => {
    const { name, attributes } = developmentCookie(resolveCookie("session"));
    expect(expireCookie(name, attributes)).toBe(
      "session=; Path=/; HttpOnly; SameSite=Lax; " +
        "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    );
  });

  it("is itself when made again", () => {
    const once = developmentCookie(resolveCookie("session"));
    expect(developmentCookie(once)).toEqual(once);
    expect(once).toMatchObject({ name: "session", prefix: "", baseName: "session" });
  });
});

it("holds the browsers' limits literally", () => {
  expect(MAX_COOKIE_BYTES).toBe(4096);
  expect(MAX_COOKIE_AGE_MS).toBe(34_560_000_000);
});
