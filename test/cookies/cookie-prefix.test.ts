import { describe, expect, it } from "vitest";
import { type CookieOptions, resolveCookie } from "../../src/cookies/cookie-options.ts";
import type { CookiePrefix } from "../../src/cookies/cookie-prefix.ts";
import { OptionsError } from "../../src/core/errors.ts";

/** The rules as the browser's side of the standard states them, told by name and attributes. */
function isStoredByBrowsers(prefix: CookiePrefix, options: CookieOptions): boolean {
  const { secure = true, httpOnly = true, domain, path = "/" } = options;
  const isHostBound = secure && domain === undefined && path === "/";
  switch (prefix) {
    case "__Host-Http-":
      return isHostBound && httpOnly;
    case "__Host-":
      return isHostBound;
    case "__Http-":
      return secure && httpOnly;
    case "__Secure-":
      return secure;
    case "":
      return true;
    default:
      return prefix satisfies never;
  }
}

const PREFIXES = ["__Host-Http-", "__Host-", "__Http-", "__Secure-", ""] as const;

const SETTINGS: CookieOptions[] = [true, false].flatMap((secure) =>
  [true, false].flatMap((httpOnly) =>
    [{}, { domain: "example.com" }].flatMap((domain) =>
      ["/", "/app"].map((path) => ({ secure, httpOnly, ...domain, path })),
    ),
  ),
);

const MATRIX: [CookiePrefix, CookieOptions][] = PREFIXES.flatMap((prefix) =>
  SETTINGS.map((settings): [CookiePrefix, CookieOptions] => [prefix, settings]),
);

function refusal(options: CookieOptions): OptionsError {
  try {
    resolveCookie("session", options);
  } catch (error) {
    if (error instanceof OptionsError) return error;
  }
  throw new Error("nothing was refused");
}

describe("a cookie prefix", () => {
  it("has 80 combinations with the four attributes it concerns", () => {
    expect(MATRIX).toHaveLength(80);
  });

  it.each(MATRIX)(
    "%s takes %j just as browsers do [ASVS 3.3.1, ASVS 3.3.3, WSTG-SESS-02]",
    (prefix, settings) => {
      const resolve = (): unknown => resolveCookie("session", { prefix, ...settings });
      if (isStoredByBrowsers(prefix, settings)) expect(resolve).not.toThrow();
      else expect(resolve).toThrow(OptionsError);
    },
  );

  it.each(MATRIX.filter(([prefix, settings]) => !isStoredByBrowsers(prefix, settings)))(
    "%s with %j names the strictest prefix that fits",
    (prefix, settings) => {
      const { message } = refusal({ prefix, ...settings });
      const fitting = PREFIXES.find((other) => isStoredByBrowsers(other, settings));
      expect(message).toContain(`or write prefix: "${fitting}".`);
      expect(() => resolveCookie("session", { ...settings, prefix: fitting ?? "" })).not.toThrow();
    },
  );

  it.each([
    [{ secure: false }, "cookie.secure"],
    [{ httpOnly: false }, "cookie.httpOnly"],
    [{ domain: "example.com" }, "cookie.domain"],
    [{ path: "/app" }, "cookie.path"],
  ])("names the option in its way, of %j", (options, option) => {
    expect(refusal(options).option).toBe(option);
  });

  it("says what to write instead", () => {
    expect(refusal({ domain: "example.com" }).message).toContain(
      'cannot be set under the cookie prefix "__Host-Http-"; browsers ' +
        'drop the cookie otherwise. Leave it out, or write prefix: "__Http-".',
    );
  });
});
