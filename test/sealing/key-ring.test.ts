import { createHash, randomBytes, randomUUID } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pooledRandom } from "../../src/core/environment.ts";
import { OptionsError } from "../../src/core/errors.ts";
import { bindTo } from "../../src/sealing/binding.ts";
import { type KeyList, KeyRing, type Keys } from "../../src/sealing/key-ring.ts";
import { ownSecret } from "../../src/sealing/own-secret.ts";
import { Sealer } from "../../src/sealing/sealer.ts";
import { secretBytes } from "../../src/sealing/secret.ts";
import { freshKey, sealerOf } from "./support/keys.ts";

const binding = bindTo("session");
const freshHex = (): string => randomBytes(32).toString("hex");
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
  it("take effect at once: a key that is added seals, one that is taken away opens nothing [ASVS 11.2.2]", () => {
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

  it.each([undefined, []])("are an OptionsError where it returns none any more: %j", (none) => {
    let isBroken = false;
    const ring = new KeyRing("keys", () => (isBroken ? (none as unknown as KeyList) : a));
    isBroken = true;
    expect(() => ring.first).toThrow(OptionsError);
  });
});

describe("a random key", () => {
  // The same 100,000 each time: one in some 10^8 looks as if somebody had typed it.
  it("is never taken for a weak one", () => {
    const spellings = [
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes.toString("base64url"),
      (bytes: Buffer) => bytes.toString("base64"),
      (bytes: Buffer) => bytes.toString("hex"),
      (bytes: Buffer) => bytes.toString("hex").toUpperCase(),
    ];
    const [keys, length] = [100_000, 48];
    const drawn = createHash("shake256", { outputLength: keys * length })
      .update("drawn")
      .digest();
    const refused: unknown[] = [];
    for (let key = 0; key < keys; key += 1) {
      const bytes = drawn.subarray(key * length).subarray(0, key % 3 === 0 ? length : 32);
      const spelt = spellings[key % spellings.length]?.(bytes);
      try {
        secretBytes("keys", spelt);
      } catch (error) {
        refused.push([spelt, error]);
      }
    }
    expect(refused).toEqual([]);
  });
});

const sha = (algorithm: string, text: string): Buffer =>
  createHash(algorithm).update(text).digest();

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
    ["a phrase in camel's case", "CorrectHorseBatteryStaple2024ForOurShopProdEU"],
    ["a name and two years", "MyCompanyWebshopKey2024MyCompanyWebshopKey2025"],
    ["a German phrase", "UnserGrosserGeheimerSchluesselFuerDenWebshop"],
    ["a phrase with lines", "wir-treffen-uns-morgen-frueh-am-bahnhof-in-ulm"],
    ["a phrase with lows", "our_shop_in_berlin_2024_signs_cookies_with_this"],
    ["capitals", "THEQUICKBROWNFOXJUMPSOVERTHELAZYDOGANDRUNSAWAY"],
    ["a small phrase with digits", "mein1hund2frisst3jeden4morgen5eine6grosse7wurst"],
    ["digits", "3141592653589793238462643383279502884197169399375105820974944592"],
    ["the hash of a word", sha("sha256", "password").toString("hex")],
    ["the hash of a word in base64", sha("sha256", "password").toString("base64")],
    ["the hash of nothing", sha("sha256", "").toString("hex")],
    ["the bytes of a word's hash", sha("sha256", "secret")],
    ["a longer hash of a word", sha("sha512", "Password").toString("base64url")],
    ["a hash that was cut", sha("sha512", "changeme").subarray(0, 32)],
    ["the hash of a line", sha("sha256", "hello\n").toString("hex")],
    ["two UUIDs", randomUUID() + randomUUID()],
    ["two UUIDs with a line between", `${randomUUID()}-${randomUUID()}`],
    ["two UUIDs of one host", "c232ab00941411ecb3c89f6bdeced846c233f5a0941411ecb3c89f6bdeced846"],
    ["two UUIDs of one minute", "018f2b3c4d5e7a1b9c2d3e4f5a6b7c8d018f2b3c9a1f7e60b1c2d3e4f5061728"],
    [
      "the bytes of a sentence",
      Buffer.from("Der schnelle braune Fuchs läuft über den faulen Hund."),
    ],
    ["a sentence in Latin-1", Buffer.from("Der schnelle Fuchs läuft über den Hund.", "latin1")],
    ["a sentence in UTF-16", Buffer.from("Der schnelle Fuchs läuft über den Hund.", "utf16le")],
    ["a sentence of others' letters", Buffer.from("Съешь же ещё этих мягких французских булок")],
    [
      "a sentence in base64",
      Buffer.from("Franz jagt im Taxi quer durch Bayern.").toString("base64"),
    ],
    ["hexadecimal digits in base64", Buffer.from(freshHex()).toString("base64")],
    ["an example of AES", "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"],
    ["an example of Fernet", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="],
    ["an example of JOSE", "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"],
    ["a number", 12_345],
    ["null", null],
    ["an object", { key: freshKey() }],
  ];

  it.each(typed)(
    "is refused: %s, with a sentence that says how to make one [CVE-2018-15133, Laravel-APP_KEY, better-auth-default-secret]",
    (_, key) => {
      const make = (): KeyRing => new KeyRing("keys", [freshKey(), key] as string[]);
      expect(make).toThrow(OptionsError);
      expect(make).toThrow(/^keys\[1\]: .*npx sojourn secret/);
      if (typeof key === "string" && key.length > 8) {
        for (let start = 0; start + 8 <= key.length; start += 4) {
          expect(make).not.toThrow(key.slice(start, start + 8));
        }
      }
    },
  );

  it.each([[42], [{}], [Array.from({ length: 33 }, freshKey)], [[freshKey(), ""]]])(
    "may be no key at all: %j",
    (keys) => {
      expect(() => new KeyRing("keys", keys as unknown as Keys)).toThrow(OptionsError);
    },
  );

  // Frameworks import the application's modules when they build, where no secret is at hand.
  it.each([[undefined], [null], [""], [[]], [[""]], [[undefined]], [() => ""], [() => []]])(
    "may be missing until it is used: %j",
    (keys) => {
      const ring = new KeyRing("keys", keys as unknown as Keys);
      expect(() => ring.first).toThrow(OptionsError);
      expect(() => ring.find("sealHead", "AAAA")).toThrow(OptionsError);
    },
  );

  it("may come once the function has one", () => {
    let key = "";
    const ring = new KeyRing("keys", () => key);
    expect(() => ring.first).toThrow(/^keys: the key is empty/);
    key = freshKey();
    expect(ring.first).toBeDefined();
  });

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

describe("what sojourn secret prints", () => {
  const bytes = randomBytes(32);
  const own = ownSecret(bytes);

  it("is taken exactly, with white space around it", () => {
    expect(secretBytes("keys", own)).toEqual(bytes);
    expect(secretBytes("keys", ` ${own}\n`)).toEqual(bytes);
  });

  it("is the key that an earlier release printed of the same bytes", () => {
    const sealed = sealerOf(bytes.toString("base64url")).seal("x", binding);
    expect(sealerOf(own).open(sealed, binding).kind).toBe("opened");
  });

  it("is refused wherever it is cut, and however it was pasted twice", () => {
    const last = own.length;
    const cut = Array.from({ length: last - 1 }, (_, left) => own.slice(0, left + 1));
    // What has lost more than its prefix cannot be told from another secret.
    const headless = [1, 2, 3, 4, 5].map((lost) => own.slice(lost));
    for (const part of [...cut, ...headless, own + own, `${own}A`, `A${own}`, `${own}=`]) {
      expect(() => secretBytes("keys", part), part).toThrow(OptionsError);
    }
    for (const part of [...cut.slice(4), ...headless]) {
      expect(() => secretBytes("keys", part)).toThrow(/is not whole.*npx sojourn secret/);
    }
  });

  it("is refused with any one character mistyped, left out, or exchanged with the next", () => {
    for (let place = 0; place < own.length; place += 1) {
      const [before, here, after] = [own.slice(0, place), own[place], own.slice(place + 1)];
      const other = here === "x" ? "y" : "x";
      const slips = [before + other + after, before + after, before + here + here + after];
      if (here !== after[0]) slips.push(before + after.slice(0, 1) + here + after.slice(1));
      for (const slip of slips.filter((text) => text !== own)) {
        expect(() => secretBytes("keys", slip), `at ${place}`).toThrow(OptionsError);
      }
    }
  });

  it("tells nothing of itself where it is damaged", () => {
    const error = (() => {
      try {
        return secretBytes("keys", own.slice(0, -1));
      } catch (caught) {
        return caught;
      }
    })();
    const told = inspect(error, { depth: 9, showHidden: true });
    for (let start = 5; start + 6 <= own.length; start += 1) {
      expect(told).not.toContain(own.slice(start, start + 6));
    }
  });
});
