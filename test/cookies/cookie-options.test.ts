import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ResolvedCookie, resolveCookie } from "../../src/cookies/cookie-options.ts";
import { serializeCookie } from "../../src/cookies/set-cookie.ts";
import { OptionsError } from "../../src/core/errors.ts";
import { anyText, plainCookie, resolveUntyped } from "./reference.ts";

function errorOf(act: () => unknown): OptionsError {
  try {
    act();
  } catch (error) {
    if (error instanceof OptionsError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function refusal(options: unknown): OptionsError {
  return refusalOf("session", options);
}

function refusalOf(name: unknown, options: unknown): OptionsError {
  return errorOf(() => resolveUntyped(name, options));
}

describe("a resolved cookie", () => {
  it("has the strict defaults [WS-2022-0330] [ASVS 3.3.1, ASVS 3.3.2, ASVS 3.3.3, WSTG-SESS-02]", () => {
    expect(resolveCookie("session")).toEqual({
      name: "__Host-Http-session",
      prefix: "__Host-Http-",
      baseName: "session",
      attributes: {
        domain: undefined,
        path: "/",
        secure: true,
        httpOnly: true,
        sameSite: "lax",
        partitioned: false,
        priority: undefined,
        maxAgeMs: undefined,
        text: "; Path=/; Secure; HttpOnly; SameSite=Lax",
        maxAgeText: "",
      },
    });
  });

  it("is frozen", () => {
    const cookie = resolveCookie("session");
    expect(Object.isFrozen(cookie)).toBe(true);
    expect(Object.isFrozen(cookie.attributes)).toBe(true);
  });

  it("does not follow later changes of its options", () => {
    const options: { path: string; prefix: "" } = { path: "/app", prefix: "" };
    const cookie = resolveCookie("session", options);
    options.path = "/; Domain=evil.test";
    expect(cookie.attributes.path).toBe("/app");
  });

  it("takes an undefined option as left out", () => {
    const absent = {
      prefix: undefined,
      domain: undefined,
      path: undefined,
      secure: undefined,
      httpOnly: undefined,
      sameSite: undefined,
      partitioned: undefined,
      priority: undefined,
      maxAge: undefined,
    };
    expect(resolveUntyped("session", absent)).toEqual(resolveCookie("session"));
  });
});

describe("a misspelt or mistyped option", () => {
  it.each(["samesite", "expires", "signed", "toString", "constructor", "x".repeat(10_000), ""])(
    "%j is refused with the list of those known",
    (key) => {
      expect(refusal({ [key]: true }).option).toBe(`cookie.${key}`);
      expect(refusal({ [key]: true }).message).toContain(
        "Known are prefix, domain, path, secure, httpOnly, sameSite, partitioned, priority, ",
      );
    },
  );

  it("__proto__ from parsed JSON is refused", () => {
    expect(refusal(JSON.parse('{"__proto__": {"secure": false}}')).option).toBe("cookie.__proto__");
  });

  it.each([null, "lax", 1, true])("%j in place of the options is refused", (options) => {
    expect(refusal(options).option).toBe("cookie");
  });

  it.each(["secure", "httpOnly", "partitioned"])("%s must be a boolean", (key) => {
    for (const value of ["false", "true", 0, 1, null, "auto", {}]) {
      const error = refusal({ [key]: value });
      expect(error.option).toBe(`cookie.${key}`);
      expect(error.message).toContain("must be true or false.");
    }
  });

  it.each([
    ["sameSite", '"lax", "strict", "none"'],
    ["priority", '"low", "medium", "high"'],
    ["prefix", '"__Host-Http-", "__Host-", "__Http-", "__Secure-", ""'],
  ])("%s must be one of its words [CVE-2026-47675]", (key, list) => {
    for (const value of ["Lax", "High", "lax; Domain=evil.test", true, null, [], "__proto__"]) {
      const error = refusal({ [key]: value });
      expect(error.option).toBe(`cookie.${key}`);
      expect(error.message).toContain(`must be one of ${list}.`);
    }
  });
});

describe("the name", () => {
  it.each(["session", "SID", "a", "a.b-c_d", "!#$%&'*+-.^_`|~", "__proto__", "__Host", "_Host-x"])(
    "may be the token %j",
    (name) => {
      expect(resolveCookie(name).name).toBe(`__Host-Http-${name}`);
      expect(resolveCookie(name, { prefix: "" }).name).toBe(name);
    },
  );

  it.each([
    "",
    " ",
    "a b",
    "a=b",
    "a;b",
    "a,b",
    "a\n",
    "a\0",
    "é",
    "a/b",
    '"a"',
    "(a)",
    "[a]",
    "\t",
  ])("must not be %j", (name) => {
    expect(refusalOf(name, {}).option).toBe("name");
  });

  it.each([undefined, null, 1, {}, ["session"]])("must be a text, not %j", (name) => {
    expect(refusalOf(name, {}).option).toBe("name");
  });

  it.each([
    "__Host-session",
    "__Host-Http-session",
    "__Http-session",
    "__Secure-session",
    "__HOST-session",
    "__host-session",
    "__sEcUrE-session",
    "__http-session",
    "__Host-",
  ])("must not bring a prefix as %s does", (name) => {
    for (const prefix of ["__Host-Http-", "__Host-", "__Http-", "__Secure-", ""] as const) {
      const error = refusalOf(name, { prefix });
      expect(error.option).toBe("name");
      expect(error.message).toContain("cookie.prefix");
    }
  });

  it("must not make a longer prefix of a shorter one", () => {
    for (const name of ["Http-session", "http-session", "HTTP-"]) {
      expect(refusalOf(name, { prefix: "__Host-", httpOnly: false }).option).toBe("name");
      expect(resolveCookie(name, { prefix: "__Secure-" }).name).toBe(`__Secure-${name}`);
    }
  });
});

describe("the domain", () => {
  it.each([
    ["example.com", "example.com"],
    ["Example.COM", "example.com"],
    ["a.b-c.example.co.uk", "a.b-c.example.co.uk"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["1.example.com", "1.example.com"],
    ["app.localhost", "app.localhost"],
    [`${"a".repeat(63)}.com`, `${"a".repeat(63)}.com`],
  ])("may be %s", (domain, written) => {
    expect(plainCookie({ domain }).attributes.domain).toBe(written);
  });

  it("must not begin with a dot", () => {
    expect(refusal({ prefix: "", domain: ".example.com" }).message).toContain(
      "must not begin with a dot. Leave the dot out; subdomains are included all the same.",
    );
  });

  it.each(["127.0.0.1", "192.168.1.10", "1.2.3", "0x7f.1", "10.0.0.0x1", "1.2.3.4.", "5", "0x"])(
    "must not be the IPv4 address %s",
    (domain) => {
      expect(refusal({ prefix: "", domain }).message).toContain("must not be an IP address");
    },
  );

  it.each(["::1", "[::1]", "2001:db8::1", "::ffff:1.2.3.4"])(
    "must not be the IPv6 address %s",
    (domain) => {
      expect(refusal({ prefix: "", domain }).message).toContain("must not be an IP address");
    },
  );

  it.each([
    "",
    "localhost",
    "com",
    "example.com.",
    "example..com",
    "-example.com",
    "example-.com",
    "exa mple.com",
    "exa_mple.com",
    "https://example.com",
    "example.com:3000",
    "example.com/app",
    "*.example.com",
    "bücher.example",
    "\u212aelvin.example",
    "example.com; HttpOnly",
    "example.com\r\nX: y",
    "example.com\n",
    "example.com\0",
    `${"a".repeat(64)}.com`,
    `${"a.".repeat(127)}com`,
    42,
    null,
    ["example.com"],
  ])("must not be %j", (domain) => {
    const error = refusal({ prefix: "", domain });
    expect(error.option).toBe("cookie.domain");
    expect(error.message).toContain('must be a host name with a dot, such as "example.com"');
  });
});

describe("the path", () => {
  it.each(["/", "/app", "/app/", "/a%20b", "/a=b,c", `/${"a".repeat(1023)}`])(
    "may be %s",
    (path) => {
      expect(plainCookie({ path }).attributes.path).toBe(path);
    },
  );

  it.each([
    "",
    "app",
    " /app",
    "/a b",
    "/a;b",
    "/; Domain=evil.test",
    "/é",
    "/a\r\nX: y",
    "/a\n",
    "/\0",
    "/\x7f",
    `/${"a".repeat(1024)}`,
    1,
    null,
    ["/"],
  ])("must not be %j", (path) => {
    expect(refusal({ prefix: "", path }).option).toBe("cookie.path");
  });
});

describe("maxAge", () => {
  it.each([
    ["400d", 34_560_000_000],
    [34_560_000_000, 34_560_000_000],
    ["30m", 1_800_000],
    [1, 1],
  ] as const)("may be %j", (maxAge, ms) => {
    expect(resolveCookie("session", { maxAge }).attributes.maxAgeMs).toBe(ms);
  });

  it.each(["401d", "58w", 34_560_000_001])("must not exceed 400 days as %j does", (maxAge) => {
    expect(refusal({ maxAge }).message).toContain('Write "400d" or less.');
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, "", "1", "1 d", "1; Domain=x", null, {}])(
    "must not be %j",
    (maxAge) => {
      expect(refusal({ maxAge }).option).toBe("cookie.maxAge");
    },
  );
});

describe("what needs Secure", () => {
  it.each([
    ["sameSite", { sameSite: "none" }],
    ["partitioned", { partitioned: true }],
  ])("is %s", (option, settings) => {
    const error = refusal({ prefix: "", secure: false, ...settings });
    expect(error.option).toBe(`cookie.${option}`);
    expect(error.message).toContain("Leave cookie.secure out, or");
    expect(resolveUntyped("session", { prefix: "", ...settings }).attributes).toMatchObject(
      settings,
    );
  });
});

describe("any options at all", () => {
  const text = fc.oneof(
    fc.string(),
    anyText,
    fc.constantFrom(
      "",
      "/",
      "/a",
      "lax",
      "none",
      "high",
      "a.example",
      "1d",
      "; Secure",
      "/;",
      "\n",
    ),
  );
  const value = fc.oneof(text, fc.boolean(), fc.double(), fc.constantFrom(null, undefined));
  const options = fc.record(
    {
      prefix: fc.oneof(fc.constantFrom("", "__Host-", "__Secure-"), value),
      domain: fc.oneof(fc.constantFrom("a.example", undefined), value),
      path: fc.oneof(fc.constantFrom("/", "/a", undefined), text),
      secure: fc.oneof(fc.boolean(), value),
      httpOnly: fc.oneof(fc.boolean(), value),
      sameSite: fc.oneof(fc.constantFrom("lax", "strict", "none"), value),
      partitioned: fc.oneof(fc.boolean(), value),
      priority: fc.oneof(fc.constantFrom("low", undefined), value),
      maxAge: fc.oneof(fc.constantFrom("1d", undefined), value),
    },
    { requiredKeys: [] },
  );

  it("give a clean header or an OptionsError", () => {
    const clean = new RegExp(
      "^[!-:<>-~]+=v(; Domain=[a-z0-9.-]+)?; Path=/[!-:<-~]*(; Secure)?(; HttpOnly)?" +
        "; SameSite=(Lax|Strict|None)(; Partitioned)?(; Priority=(Low|Medium|High))?" +
        "(; Max-Age=[0-9]+)?$",
    );
    fc.assert(
      fc.property(fc.oneof(fc.constant("sid"), value), options, (name, given) => {
        const cookie = resolvedOrRefused(name, given);
        if (cookie === undefined) return;
        expect(serializeCookie(cookie.name, "v", cookie.attributes)).toMatch(clean);
      }),
      { numRuns: 3000 },
    );
  });
});

function resolvedOrRefused(name: unknown, options: unknown): ResolvedCookie | undefined {
  try {
    return resolveUntyped(name, options);
  } catch (error) {
    expect(error).toBeInstanceOf(OptionsError);
    return undefined;
  }
}
