import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cookieValues } from "../../src/cookies/cookie-header.ts";
import { anyText, plainCookieValues } from "./reference.ts";

const NAME = "__Host-Http-session";

describe("the Cookie header", () => {
  it.each([
    ["a single pair", "sid=abc", ["abc"]],
    ["the first of several", "sid=abc; theme=dark; lang=en", ["abc"]],
    ["one in the middle", "theme=dark; sid=abc; lang=en", ["abc"]],
    ["the last of several", "theme=dark; lang=en; sid=abc", ["abc"]],
    ["no space after the semicolon", "theme=dark;sid=abc;lang=en", ["abc"]],
    ["blanks around name and value", " \t sid \t = \t abc \t ; x=y", ["abc"]],
    ["a value with equals signs", "sid=a=b==; x=y", ["a=b=="]],
    ["an empty value", "sid=; x=y", [""]],
    ["a value of blanks", "sid= \t ; x=y", [""]],
    ["a value with a blank within", "sid=a b; x=y", ["a b"]],
    ["two values, in order", "sid=2; x=y; sid=1", ["2", "1"]],
    ["the same value twice", "sid=1; sid=1", ["1", "1"]],
    ["empty pairs between", ";;; ; sid=abc;;", ["abc"]],
    ["octets that no cookie should have", 'sid=\0\u0080é,"\\; x=y', ['\0\u0080é,"\\']],
  ])("finds %s", (_, header, values) => {
    expect(cookieValues(header, "sid")).toEqual(values);
  });

  it.each([
    ["an empty header", ""],
    ["blanks alone", " \t "],
    ["no such cookie", "theme=dark; lang=en"],
    ["a pair without an equals sign", "sid; sid "],
    ["another case", "SID=abc; Sid=abc"],
    ["a name that goes on", "sids=abc; sid2=abc; sid.x=abc; sid x=abc"],
    ["a name that begins earlier", "xsid=abc; _sid=abc; x sid=abc"],
    ["the name as a value", "a=sid; b=sid=abc; c= sid =abc"],
    ["the name in a value after a comma", "a=b, sid=abc"],
    ["a line break instead of a semicolon", "a=b\r\nsid=abc"],
  ])("finds nothing in %s", (_, header) => {
    expect(cookieValues(header, "sid")).toEqual([]);
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty", "0", "length"])(
    "takes the name %s as any other [CVE-2023-26136]",
    (name) => {
      expect(cookieValues("theme=dark", name)).toEqual([]);
      expect(cookieValues(`theme=dark; ${name}=x`, name)).toEqual(["x"]);
    },
  );

  it("finds nothing under an empty name", () => {
    expect(cookieValues("=x; =; ;", "")).toEqual([]);
  });
});

describe("a cookie that poses as the session's", () => {
  it.each([
    ["a no-break space before", `\u00a0${NAME}=evil`],
    ["a no-break space as Latin-1 octets", `\u00c2\u00a0${NAME}=evil`],
    ["a no-break space after the name", `${NAME}\u00a0=evil`],
    ["a byte order mark", `\ufeff${NAME}=evil`],
    ["an ideographic space", `\u3000${NAME}=evil`],
    ["a line separator", `\u2028${NAME}=evil`],
    ["a next-line control", `\u0085${NAME}=evil`],
    ["a vertical tab or form feed", `\v${NAME}=evil; \f${NAME}=evil`],
    ["a line feed or carriage return", `\n${NAME}=evil; \r${NAME}=evil`],
    ["a NUL", `\0${NAME}=evil; ${NAME}\0=evil`],
    ["no name of its own", `=${NAME}=evil; = ${NAME}=evil`],
    ["an encoded name", "%5f%5fHost-Http-session=evil"],
    ["an encoded letter", "__Host-Http-sessio%6e=evil"],
    ["a name in another case", `${NAME.toUpperCase()}=evil; ${NAME.toLowerCase()}=evil`],
    ["a name in quotes", `"${NAME}"=evil`],
    ["full-width letters", "__Host-Http-ｓession=evil"],
    ["brackets (PHP)", "__Host-Http-session[]=evil; __Host-Http-session[a]=evil"],
    ["a dot or blank for an underscore (PHP)", "..Host-Http-session=evil; _.Host-Http-session=e"],
  ])(
    "is another cookie with %s [CVE-2026-39410, CVE-2023-23934, CVE-2020-7070, CVE-2020-8184]",
    (_, header) => {
      expect(cookieValues(header, NAME)).toEqual([]);
      expect(cookieValues(`${header}; ${NAME}=good`, NAME)).toEqual(["good"]);
      expect(cookieValues(`${NAME}=good; ${header}`, NAME)).toEqual(["good"]);
    },
  );

  it("is another cookie with any character around its name but SP and HTAB [PortSwigger-2025]", () => {
    const characters = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
    const passing = (pair: (character: string) => string): string[] =>
      characters.filter((character) => cookieValues(pair(character), NAME).length > 0);
    expect(passing((character) => `${character}${NAME}=evil`)).toEqual(["\t", " ", ";"]);
    expect(passing((character) => `${NAME}${character}=evil`)).toEqual(["\t", " ", "="]);
  });

  it("swallows nothing with a quote [CVE-2023-26049]", () => {
    expect(cookieValues(`a="x; ${NAME}=good; b=y"`, NAME)).toEqual(["good"]);
    expect(cookieValues(`a="x; ${NAME}="good; b=y"`, NAME)).toEqual(['"good']);
    expect(cookieValues(`${NAME}="a\\"; b"`, NAME)).toEqual(['"a\\"']);
  });

  it("changes nothing with $Version", () => {
    expect(cookieValues(`$Version=1; ${NAME}="a"; $Path="/"`, NAME)).toEqual(['"a"']);
    expect(cookieValues(`$Version=1, ${NAME}=evil`, NAME)).toEqual([]);
  });

  it("is told from the session's by the application, as both are shown (cookie tossing)", () => {
    expect(cookieValues(`${NAME}=evil; ${NAME}=good`, NAME)).toEqual(["evil", "good"]);
  });

  it("has its percent signs and quotes left as they are", () => {
    expect(cookieValues(`${NAME}=%3B%20x%zz`, NAME)).toEqual(["%3B%20x%zz"]);
  });
});

describe("any header at all", () => {
  const pieces = [
    ";",
    "=",
    " ",
    "\t",
    "a",
    "ab",
    "aa",
    "__Host-a",
    "\u00a0",
    '"',
    "%61",
    "\0",
    "é",
  ];
  const header = fc
    .array(fc.oneof(fc.constantFrom(...pieces), anyText))
    .map((parts) => parts.join(""));
  const name = fc.constantFrom("a", "ab", "aa", "__Host-a", "%61");

  it("gives what the plainest reading gives", () => {
    fc.assert(
      fc.property(header, name, (text, key) => {
        expect(cookieValues(text, key)).toEqual(plainCookieValues(text, key));
      }),
      { numRuns: 2000 },
    );
  });

  it("never throws", () => {
    fc.assert(
      fc.property(anyText, anyText, (text, key) => {
        expect(cookieValues(text, key)).toBeInstanceOf(Array);
      }),
    );
  });
});

/** A text that counts how many of its characters are looked at. */
class CountedText extends String {
  reads = 0;

  override charCodeAt(at: number): number {
    this.reads += 1;
    return super.charCodeAt(at);
  }

  override indexOf(text: string, from = 0): number {
    const found = super.indexOf(text, from);
    this.reads += found === -1 ? Math.max(this.length - from, 0) : found - from + text.length;
    return found;
  }

  override slice(from: number, to: number): string {
    this.reads += to - from;
    return super.slice(from, to);
  }
}

function readsOf(text: string): number {
  const counted = new CountedText(text);
  // @ts-expect-error a String that counts stands in for the primitive
  cookieValues(counted, NAME);
  return counted.reads;
}

describe("the work on a header", () => {
  const size = 64 * 1024;
  const fill = (unit: string): string => unit.repeat(Math.ceil(size / unit.length));

  it.each([
    ["semicolons", fill(";")],
    ["equals signs", fill("=")],
    ["blanks", fill(" ")],
    ["tabs and semicolons", fill("\t;")],
    ["blanks before one name", `${fill(" ")}${NAME}=x`],
    ["blanks before every name", fill(`${" ".repeat(1000)}${NAME}=x;`)],
    ["blanks after every name", fill(`${NAME}${" ".repeat(1000)};`)],
    ["blanks around every value", fill(`${NAME}=${" ".repeat(1000)}x${" ".repeat(1000)};`)],
    ["a value of blanks", `${NAME}=${fill(" ")}`],
    ["names without pairs", fill(NAME)],
    ["names between blanks", fill(`${NAME} `)],
    ["names in one value", `a=${fill(`=${NAME}`)}`],
    ["names that begin earlier", fill(`x${NAME}=1;`)],
    ["names that go on", fill(`${NAME}x=1;`)],
    ["beginnings of the name", fill("__Host-Http-sessio")],
    ["the name 3,000 times", fill(`${NAME}=1;`)],
    ["10,000 other cookies", Array.from({ length: 10_000 }, (_, n) => `c${n}=${n}`).join("; ")],
  ])(
    "is at most three looks at each character of %s [CVE-2024-7592, CVE-2024-52804]",
    (_, header) => {
      expect(readsOf(header)).toBeLessThanOrEqual(3 * header.length);
    },
  );
});
