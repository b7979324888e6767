import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pooledRandom } from "../../src/core/environment.ts";
import { OptionsError } from "../../src/core/errors.ts";
import { bindTo } from "../../src/sealing/binding.ts";
import { type KeyList, KeyRing, type Keys } from "../../src/sealing/key-ring.ts";
import { Sealer } from "../../src/sealing/sealer.ts";
import { freshKey, sealerOf } from "./support/keys.ts";

const binding = bindTo("session");
const [a, b, c] = [freshKey(), freshKey(), freshKey()];

describe("a key ring", () => {
  it("seals under its first key, and opens under all of them", () => {
    const old = sealerOf(a).seal("x", binding);
    expect(sealerOf([b, a]).open(old, binding)).toEqual({
      kind: "opened",
      text: "x",
      isCurrent: false,
    });
    const fresh = sealerOf([b, a]).seal("x", binding);
    expect(sealerOf(b).open(fresh, binding)).toEqual({
      kind: "opened",
      text: "x",
      isCurrent: true,
    });
    expect(sealerOf(a).open(fresh, binding)).toEqual({ kind: "unknownKey" });
  });

  it("knows its keys by what they are, not by where they stand", () => {
    const sealed = sealerOf([a, b, c]).seal("x", binding);
    for (const order of [[a, b, c], [c, b, a], [b, a], [a]]) {
      expect(sealerOf(order).open(sealed, binding)).toMatchObject({ kind: "opened" });
    }
    expect(sealerOf([b, c]).open(sealed, binding)).toEqual({ kind: "unknownKey" });
  });

  it("takes a key as base64url, base64, hexadecimal or bytes, and it is the same key", () => {
    const bytes = Buffer.from(a, "base64url");
    const sealed = sealerOf(a).seal("x", binding);
    const spellings: Keys[] = [
      bytes,
      new Uint8Array(bytes),
      bytes.toString("base64"),
      bytes.toString("hex"),
      bytes.toString("hex").toUpperCase(),
      `${a}\n`,
    ];
    for (const spelling of spellings) {
      expect(sealerOf(spelling).open(sealed, binding).kind).toBe("opened");
      expect(() => new KeyRing("keys", [a, spelling as string])).toThrow(
        /keys\[1\]: is the same key as keys\[0\]/,
      );
    }
  });

  it("keeps a copy, so that a list or bytes changed afterwards change nothing", () => {
    const bytes = new Uint8Array(Buffer.from(a, "base64url"));
    const list: (string | Uint8Array)[] = [bytes];
    const sealer = sealerOf(list);
    const sealed = sealerOf(a).seal("x", binding);
    bytes.fill(0);
    list[0] = b;
    expect(sealer.open(sealed, binding).kind).toBe("opened");
  });

  it("shows no key when it is printed", () => {
    const ring = new KeyRing("keys", () => [a, b]);
    new Sealer(ring, pooledRandom()).seal("x", binding);
    const hex = Buffer.from(a, "base64url").toString("hex");
    const text = inspect([ring, ring.first], { depth: 9, showHidden: true }) + JSON.stringify(ring);
    for (const secret of [a, hex, hex.match(/../g)?.slice(0, 8).join(" ") ?? ""]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe("keys as a function", () => {
  it("take effect at once: a key that is added seals, one that is taken away opens nothing", () => {
    let keys: KeyList = [a];
    const sealer = sealerOf(() => keys);
    const first = sealer.seal("1", binding);
    keys = [b, a];
    const second = sealer.seal("2", binding);
    expect(sealer.open(first, binding)).toMatchObject({ kind: "opened", isCurrent: false });
    expect(sealer.open(second, binding)).toMatchObject({ kind: "opened", isCurrent: true });
    keys = [b];
    expect(sealer.open(first, binding)).toEqual({ kind: "unknownKey" });
    keys = a;
    expect(sealer.open(first, binding)).toMatchObject({ kind: "opened", isCurrent: true });
    expect(sealer.open(second, binding)).toEqual({ kind: "unknownKey" });
  });

  it("are read anew where the function returns its one list, changed", () => {
    const keys = [a];
    const sealer = sealerOf(() => keys);
    const sealed = sealer.seal("x", binding);
    keys[0] = b;
    expect(sealer.open(sealed, binding)).toEqual({ kind: "unknownKey" });
  });

  it("keep what was derived as long as they stay, in a new list too", () => {
    const ring = new KeyRing("keys", () => [a, b]);
    const { first } = ring;
    expect(ring.first).toBe(first);
    let keys = [a];
    const turning = new KeyRing("keys", () => keys);
    const before = turning.first;
    keys = [b, a];
    expect(turning.first).not.toBe(before);
    expect(turning.find("sealHead", before.sealHead)).toBe(before);
  });

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("no vault");
      },
    ],
    ["returns a promise", async () => a],
    ["returns nothing", () => undefined],
    ["returns no key", () => []],
    ["returns a weak key", () => "changeme"],
  ])("are an OptionsError where the function %s, at the start and later", (_, broken) => {
    expect(() => new KeyRing("keys", broken as () => KeyList)).toThrow(OptionsError);
    let isBroken = false;
    const ring = new KeyRing("keys", () => (isBroken ? (broken() as KeyList) : a));
    isBroken = true;
    expect(() => ring.first).toThrow(/^keys: /);
    isBroken = false;
    expect(ring.first).toBeDefined();
  });
});

describe("a random key", () => {
  it("is never taken for a weak one", () => {
    for (let tries = 0; tries < 5_000; tries += 1) {
      const bytes = randomBytes(32);
      expect(() => new KeyRing("keys", [bytes, freshKey()])).not.toThrow();
    }
  });
});

describe("a weak key", () => {
  const typed: readonly (readonly [string, unknown])[] = [
    ["nothing", ""],
    ["a word", "secret"],
    ["a sentence", "correct horse battery staple, and then some more of it"],
    ["a repeated word", "changeme-changeme-changeme-changeme-changeme"],
    ["a word with a tail", `${freshKey().slice(0, 36)}password`],
    ["one letter", "a".repeat(64)],
    ["two letters", "ab".repeat(32)],
    ["small letters", "thequickbrownfoxjumpsoverthelazydogagainandagain"],
    ["letters in camel's case", "TheQuickBrownFoxJumpsOverTheLazyDogAgainAndAgain"],
    ["the alphabet", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"],
    ["counted digits", "0123456789".repeat(7)],
    ["hexadecimal digits in order", "0123456789abcdef".repeat(4)],
    ["31 bytes", randomBytes(31).toString("base64url")],
    ["31 bytes in hexadecimal", randomBytes(31).toString("hex")],
    ["16 bytes, twice", Buffer.concat(Array(2).fill(randomBytes(16))).toString("hex")],
    ["24 bytes, repeated", Buffer.concat(Array(3).fill(randomBytes(24))).toString("base64url")],
    ["zeros", new Uint8Array(32)],
    ["counted bytes", Uint8Array.from({ length: 32 }, (_, place) => place)],
    ["counted bytes of a larger step", Uint8Array.from({ length: 64 }, (_, place) => place * 7)],
    ["the bytes of a text", Buffer.from(freshKey())],
    ["bytes of a short text", Buffer.from("secret")],
    ["too many bytes", randomBytes(1_025)],
    ["a number", 12_345],
    ["null", null],
    ["an object", { key: freshKey() }],
  ];

  it.each(typed)("is refused: %s, with a sentence that says how to make one", (_, key) => {
    const make = (): KeyRing => new KeyRing("keys", [freshKey(), key] as string[]);
    expect(make).toThrow(OptionsError);
    expect(make).toThrow(/^keys\[1\]: .*npx sojourn secret/);
    if (typeof key === "string" && key.length > 8) expect(make).not.toThrow(key);
  });

  it.each([[undefined], [null], [42], [{}], [[]], [Array.from({ length: 33 }, freshKey)]])(
    "may be no key at all: %j",
    (keys) => {
      expect(() => new KeyRing("keys", keys as unknown as Keys)).toThrow(OptionsError);
    },
  );

  it("is none that was drawn at random, in any spelling", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 32, max: 64 }),
        fc.constantFrom("base64url" as const, "base64" as const, "hex" as const),
        (size, spelling) => {
          const bytes = randomBytes(size);
          expect(() => new KeyRing("keys", bytes.toString(spelling))).not.toThrow();
          expect(() => new KeyRing("keys", bytes)).not.toThrow();
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
