import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodecError, OptionsError } from "../../src/core/errors.ts";
import type { JsonValue } from "../../src/core/json.ts";
import { seal, sign, unseal, unsign } from "../../src/sealing/values.ts";
import { freshKey } from "./support/keys.ts";

const keys = freshKey();
const options = { keys, purpose: "test" };
const JSON_VALUES = fc.jsonValue({ noUnicodeString: false }).map((value) => {
  // What JSON carries unchanged: no -0, and no key that changes a prototype.
  return JSON.parse(JSON.stringify(value).replaceAll("__proto__", "proto")) as JsonValue;
});

describe.each([
  ["seal and unseal", seal, unseal],
  ["sign and unsign", sign, unsign],
])("%s", (_, make, read) => {
  it("carry any JSON value", () => {
    fc.assert(
      fc.property(JSON_VALUES, (value) => {
        expect(read(make(value, options), options)).toEqual(value);
      }),
    );
  });

  it("carry it for one purpose only [ASVS 9.2.2]", () => {
    const text = make({ id: 1 }, options);
    expect(read(text, { keys, purpose: "another" })).toBeUndefined();
  });

  it("take several keys, and a function of keys", () => {
    const text = make("x", options);
    const [next, other] = [freshKey(), freshKey()];
    expect(read(text, { ...options, keys: [next, keys] })).toBe("x");
    expect(read(text, { ...options, keys: () => [next, keys] })).toBe("x");
    expect(read(text, { ...options, keys: [next, other] })).toBeUndefined();
    let current = [keys];
    const turning = { ...options, keys: () => current };
    expect(read(text, turning)).toBe("x");
    current = [next];
    expect(read(text, turning)).toBeUndefined();
  });

  it("answer undefined for whatever is not theirs", () => {
    fc.assert(
      fc.property(fc.anything(), (text) => {
        expect(read(text, options)).toBeUndefined();
      }),
    );
  });

  it("refuse what JSON would change", () => {
    expect(() => make(new Date() as unknown as JsonValue, options)).toThrow(CodecError);
    expect(() => make(undefined as unknown as JsonValue, options)).toThrow(CodecError);
  });

  it.each([
    ["no purpose", { keys }],
    ["an empty purpose", { keys, purpose: "" }],
    ["half a surrogate pair as the purpose", { keys, purpose: "\ud800" }],
    ["no keys", { purpose: "test" }],
    ["a weak key", { keys: "changeme", purpose: "test" }],
    ["an unknown option", { keys, purpose: "test", ttl: 5 }],
  ])("refuse %s", (__, wrong) => {
    const bad = wrong as typeof options;
    expect(() => make(1, bad)).toThrow(OptionsError);
    expect(() => read("text", bad)).toThrow(OptionsError);
  });
});

describe("a sealed value", () => {
  it("opens until it expires, and not at that instant [ASVS 9.2.1]", () => {
    let now = 1_800_000_000_000;
    const timed = { ...options, clock: { now: () => now } };
    const text = seal("x", { ...timed, expiresIn: "10m" });
    now += 599_999;
    expect(unseal(text, timed)).toBe("x");
    now += 1;
    expect(unseal(text, timed)).toBeUndefined();
  });

  it("is of use for ever where nothing else is said", () => {
    const text = seal("x", options);
    expect(unseal(text, { ...options, clock: { now: () => Number.MAX_SAFE_INTEGER } })).toBe("x");
  });

  it("refuses a lifetime that is none", () => {
    expect(() => seal(1, { ...options, expiresIn: -5 })).toThrow(OptionsError);
  });

  it("is told from what was signed with the same words", () => {
    expect(unseal(sign(1, options), options)).toBeUndefined();
    expect(unsign(seal(1, options), options)).toBeUndefined();
  });

  it("remembers the keys of a few programs, and derives others anew", () => {
    const rings = Array.from({ length: 20 }, () => [freshKey(), freshKey()]);
    const texts = rings.map((ring, place) => seal(place, { keys: ring, purpose: "test" }));
    for (const [place, ring] of rings.entries()) {
      expect(unseal(texts[place], { keys: [...ring], purpose: "test" })).toBe(place);
    }
  });
});
