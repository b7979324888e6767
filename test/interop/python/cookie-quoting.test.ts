import { describe, expect, it } from "vitest";
import {
  quotedCookieValue,
  unquotedCookieValue,
} from "../../../src/interop/python/cookie-quoting.ts";

/** What `http.cookies` of Python 3.11 makes of each value. */
const QUOTED: readonly (readonly [value: string, quoted: string])[] = [
  ["2|1:0|4:user|0:|df5d", "2|1:0|4:user|0:|df5d"],
  ["a=b", '"a=b"'],
  ["é", '"\\351"'],
  ["a,b;c", '"a\\054b\\073c"'],
  ['q"\\ x', '"q\\"\\\\ x"'],
  ["\u0001\u007f", '"\\001\\177"'],
  ["ÿĀ", '"\\377Ā"'],
  ["", '""'],
];

describe("quotedCookieValue", () => {
  it.each(QUOTED)("writes %j as Python does", (value, quoted) => {
    expect(quotedCookieValue(value)).toBe(quoted);
    expect(unquotedCookieValue(quoted)).toBe(value);
  });

  it.each(['"', 'a"', '"a', "a\\054"])("leaves %s as it is, which is not in quotes", (text) => {
    expect(unquotedCookieValue(text)).toBe(text);
  });
});
