import { describe, expect, it } from "vitest";
import { documentIn } from "../../../src/interop/flask/flask-document.ts";
import { viewOf } from "../../../src/interop/python/view.ts";

function opened(text: string): NonNullable<ReturnType<typeof documentIn>> {
  const document = documentIn(Buffer.from(text), 0);
  if (document === undefined) expect.fail("it was not read");
  return document;
}

describe("a session that is only looked at", () => {
  it.each([
    '{"a":1,"b":[true,null,{"c":"d"}],"_user_id":"7"}',
    '{"10":1,"9":2,"é":"\\u00e9","s":"\\ud83d\\ude00"}',
    '{"price":1.0,"small":1e-07,"big":1e+16,"zero":-0.0}',
    '{"a":1,"a":2}',
    "{}",
  ])("is seen without its dict, and the same: %s", (text) => {
    const document = opened(text);
    expect(document.view).toBeDefined();
    expect(JSON.stringify(document.view)).toBe(JSON.stringify(viewOf(document.dict)));
  });

  it.each([
    ['{"n":1180591620717411303424}', { n: { $int: "1180591620717411303424" } }],
    ['{"n":9007199254740993}', { n: { $int: "9007199254740993" } }],
    ['{"t":{" t":[1]}}', { t: [1] }],
    ['{"t":{"\\u0020t":[1]}}', { t: [1] }],
    ['{"b":{" b":"AA=="}}', { b: { $bytes: "AA==" } }],
    ['{"d":{" di":{" t__":[]}}}', { d: { " t": [] } }],
    ['{"k":{"$set":[]}}', { k: { $dict: [["$set", []]] } }],
    ['{"k":{"\\u0024set":[]}}', { k: { $dict: [["$set", []]] } }],
    ['{"n":NaN}', { n: { $float: "nan" } }],
    ['{"n":1e400}', { n: { $float: "inf" } }],
    ['{"n":-1.5E+309}', { n: { $float: "-inf" } }],
    ['{"k":{"__proto__":1}}', { k: { $dict: [["__proto__", 1]] } }],
    ['{"k":{"\\u005f_proto__":1}}', { k: { $dict: [["__proto__", 1]] } }],
  ])("is seen as its dict where JSON alone would show something else: %s", (text, expected) => {
    const document = opened(text);
    expect(JSON.stringify(document.view ?? viewOf(document.dict))).toBe(JSON.stringify(expected));
  });

  it("is none where Python itself would not reach the bottom", () => {
    const deep = (levels: number): Buffer =>
      Buffer.from(`{"a":${"[".repeat(levels)}${"]".repeat(levels)},"pad":"${"x".repeat(2_000)}"}`);
    expect(documentIn(deep(900), 0)).toBeDefined();
    expect(documentIn(deep(1_100), 0)).toBe(undefined);
  });
});
