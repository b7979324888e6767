import { createCipheriv } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pooledRandom } from "../../src/core/environment.ts";
import { OptionsError } from "../../src/core/errors.ts";
import { bindTo } from "../../src/sealing/binding.ts";
import { KeyRing } from "../../src/sealing/key-ring.ts";
import { RingKey } from "../../src/sealing/ring-key.ts";
import { Sealer, sealedLength } from "../../src/sealing/sealer.ts";
import { freshKey, sealerOf } from "./support/keys.ts";

const binding = bindTo("session", "__Host-session");
const TEXT = '{"user":"u1","theme":"dark"}';
const key = freshKey();
const sealer = sealerOf(key);

const withBytes = (sealed: string, change: (bytes: Buffer) => void): string => {
  const bytes = Buffer.from(sealed, "base64url");
  change(bytes);
  return bytes.toString("base64url");
};

describe("a sealed text", () => {
  it("opens to the same text, whatever it says and however long it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
        const opening = sealer.open(sealer.seal(text, binding), binding);
        expect(opening).toEqual({ kind: "opened", text, isCurrent: true });
      }),
    );
  });

  it("opens in another process, which has the keys only", () => {
    const opening = sealerOf(key).open(sealer.seal(TEXT, binding), binding);
    expect(opening).toMatchObject({ kind: "opened", text: TEXT });
  });

  it("has no character that a cookie or an address refuses", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(sealer.seal(text, binding)).toMatch(/^[A-Za-z0-9_-]+$/);
      }),
    );
  });

  it("shows nothing of the text but its length in steps of 64 bytes [WSTG-SESS-10, NIST 5.1.1 opaque]", () => {
    const lengths = new Set<number>();
    for (let length = 0; length < 64; length += 1) {
      lengths.add(sealer.seal("x".repeat(length), binding).length);
    }
    expect([...lengths]).toEqual([sealedLength(0)]);
    expect(sealer.seal("x".repeat(64), binding)).toHaveLength(sealedLength(64));
    expect(sealedLength(64)).toBeGreaterThan(sealedLength(63));
    const sealed = Buffer.from(sealer.seal(TEXT.repeat(9), binding), "base64url");
    expect(sealed.toString("latin1")).not.toContain("user");
  });

  it("is never the same twice [ASVS 11.3.4]", () => {
    const texts = Array.from({ length: 1_000 }, () => sealer.seal(TEXT, binding));
    expect(new Set(texts).size).toBe(1_000);
    expect(new Set(texts.map((text) => text.slice(56, 72))).size).toBe(1_000);
  });

  it("does not open after a change of any one bit [ASVS 9.1.1, ASVS 11.3.3]", () => {
    const sealed = sealer.seal(TEXT, binding);
    const bits = 8 * Buffer.from(sealed, "base64url").length;
    for (let bit = 0; bit < bits; bit += 1) {
      const flipped = withBytes(sealed, (bytes) => {
        bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      });
      expect(sealer.open(flipped, binding).kind, `bit ${bit}`).not.toBe("opened");
    }
  });

  it("does not open after a change of any one character to any other", () => {
    const sealed = sealer.seal("", binding);
    const others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \n\0é";
    for (let place = 0; place < sealed.length; place += 1) {
      for (const other of others) {
        if (other === sealed[place]) continue;
        const changed = sealed.slice(0, place) + other + sealed.slice(place + 1);
        expect(sealer.open(changed, binding).kind, `${other} at ${place}`).not.toBe("opened");
      }
    }
  });

  it("does not open when it is cut, or longer, or two of them are joined", () => {
    const sealed = sealer.seal(TEXT, binding);
    for (let length = 0; length < sealed.length; length += 1) {
      expect(sealer.open(sealed.slice(0, length), binding).kind).not.toBe("opened");
      expect(sealer.open(sealed.slice(length + 1), binding).kind).not.toBe("opened");
    }
    const other = sealer.seal(TEXT, binding);
    expect(sealer.open(sealed + other, binding).kind).not.toBe("opened");
    expect(sealer.open(sealed.slice(0, 56) + other.slice(56), binding).kind).toBe("opened");
    expect(sealer.open(sealed.slice(0, 72) + other.slice(72), binding).kind).toBe("altered");
  });

  it.each([
    ["padded as base64", (text: string) => `${text}=`],
    [
      "base64 of the other alphabet",
      (text: string) => text.replaceAll("-", "+").replaceAll("_", "/"),
    ],
    ["with a line break", (text: string) => `${text}\n`],
    ["with a blank in front", (text: string) => ` ${text}`],
    ["with a character of no alphabet", (text: string) => `${text.slice(0, 60)}.${text.slice(60)}`],
    ["with spare bits", (text: string) => text.slice(0, -1) + successor(text.at(-1))],
  ])("has one spelling only: %s is malformed", (_, respell) => {
    // Long enough that all the characters come up; 134 bytes end with four spare bits.
    const sealed = sealer.seal("x".repeat(1_000), binding);
    const other = respell(sealed);
    expect(Buffer.from(other, "base64url").equals(Buffer.from(sealed, "base64url"))).toBe(true);
    expect(other).not.toBe(sealed);
    expect(sealer.open(other, binding)).toEqual({ kind: "malformed" });
  });

  it("opens for the very purpose and parts only [CVE-2023-48309] [ASVS 9.2.2]", () => {
    const contexts: readonly (readonly [string, ...string[]])[] = [
      ["a"],
      ["a", ""],
      ["a", "", ""],
      ["", "a"],
      ["ab", "c"],
      ["a", "bc"],
      ["abc"],
      ["a", "b", "c"],
      ["a", "b\0c"],
      ["\0\0\0\u0001a"],
    ];
    for (const [row, [purpose, ...parts]] of contexts.entries()) {
      const sealed = sealer.seal(TEXT, bindTo(purpose, ...parts));
      for (const [column, [otherPurpose, ...otherParts]] of contexts.entries()) {
        const { kind } = sealer.open(sealed, bindTo(otherPurpose, ...otherParts));
        expect(kind, `${row} as ${column}`).toBe(row === column ? "opened" : "altered");
      }
    }
  });

  it("names its key, which is not tried out [ASVS 9.1.3]", () => {
    const sealed = sealer.seal(TEXT, binding);
    expect(sealerOf(freshKey()).open(sealed, binding)).toEqual({ kind: "unknownKey" });
  });

  it("is refused under a key that it does not commit to, however it was made [ASVS 9.1.3]", () => {
    // Made with the cipher key of one secret, and with the commitment left out: zeros in its place.
    const ringKey = new RingKey(Buffer.from(key, "base64url"));
    const salt = Buffer.alloc(16, 7);
    const { cipherKey, prefix } = ringKey.derive(salt);
    const sealedWith = (start: Buffer): string => {
      const cipher = createCipheriv("aes-256-gcm", cipherKey, Buffer.alloc(12));
      cipher.setAAD(binding);
      const frame = cipher.update(Buffer.concat([Buffer.of(0x80), Buffer.alloc(63)]));
      cipher.final();
      return Buffer.concat([start, Buffer.alloc(12), frame, cipher.getAuthTag()]).toString(
        "base64url",
      );
    };
    const start = Buffer.from(prefix, "base64url");
    expect(sealer.open(sealedWith(start), binding).kind).toBe("opened");
    const without = Buffer.concat([start.subarray(0, 22), Buffer.alloc(20)]);
    expect(sealer.open(sealedWith(without), binding)).toEqual({ kind: "altered" });
  });

  it("of a shorter tag is malformed [CVE-2025-47275] [ASVS 11.3.3]", () => {
    const sealed = Buffer.from(sealer.seal(TEXT, binding), "base64url");
    for (let cut = 1; cut <= 16; cut += 1) {
      const shorter = sealed.subarray(0, -cut).toString("base64url");
      expect(sealer.open(shorter, binding)).toEqual({ kind: "malformed" });
    }
  });

  it("of another version is malformed, the signed one among them [ASVS 9.1.2, WSTG-SESS-10]", () => {
    const sealed = sealer.seal(TEXT, binding);
    for (let version = 0; version < 256; version += 1) {
      const other = withBytes(sealed, (bytes) => bytes.writeUInt8(version));
      expect(sealer.open(other, binding).kind).toBe(version === 1 ? "opened" : "malformed");
    }
  });

  it("never makes open throw, whatever it is [ASVS 11.2.5]", () => {
    fc.assert(
      fc.property(fc.anything(), (sealed) => {
        expect(sealer.open(sealed, binding).kind).toBe("malformed");
      }),
    );
    const start = sealer.seal(TEXT, binding).slice(0, 56);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 200 }), (bytes) => {
        const rest = Buffer.from(bytes).toString("base64url");
        expect(sealer.open(rest, binding).kind).not.toBe("opened");
        expect(sealer.open(start + rest, binding).kind).not.toBe("opened");
      }),
    );
  });
});

describe("what a sealer derives", () => {
  it("draws nothing while it is constructed", () => {
    const draw = (): Buffer => {
      throw new Error("drawn");
    };
    const idle = new Sealer(new KeyRing("keys", key), draw);
    expect(idle.open(sealer.seal(TEXT, binding), binding).kind).toBe("opened");
    expect(() => idle.seal(TEXT, binding)).toThrow("drawn");
  });

  it("serves 262,144 texts, and then another salt is drawn [ASVS 11.3.4]", () => {
    const own = sealerOf(key);
    const prefixes = new Set<string>();
    for (let count = 0; count < 262_144; count += 1)
      prefixes.add(own.seal("", binding).slice(0, 56));
    expect(prefixes.size).toBe(1);
    prefixes.add(own.seal("", binding).slice(0, 56));
    expect(prefixes.size).toBe(2);
  });

  it("is not crowded out by texts that do not open", () => {
    const ring = new KeyRing("keys", key);
    const own = new Sealer(ring, pooledRandom());
    const sealed = sealerOf(key).seal(TEXT, binding);
    own.open(sealed, binding);
    const prefix = sealed.slice(0, 56);
    expect(ring.first.derived.get(prefix)).toBeDefined();
    for (let count = 0; count < 5_000; count += 1) {
      const forged = withBytes(sealed, (bytes) => {
        bytes.writeUInt32BE(count, 6);
        if (count % 2 === 0)
          Buffer.from(ring.first.derive(bytes.subarray(6, 22)).commitment).copy(bytes, 22);
      });
      expect(own.open(forged, binding)).toEqual({ kind: "altered" });
      expect(ring.first.derived.get(forged.slice(0, 56))).toBeUndefined();
    }
    expect(ring.first.derived.get(prefix)).toBeDefined();
  });

  it("is kept for a bounded number of salts", () => {
    const ring = new KeyRing("keys", key);
    const own = new Sealer(ring, pooledRandom());
    const others = new KeyRing("keys", key);
    const texts = Array.from({ length: 2_100 }, () =>
      new Sealer(others, pooledRandom()).seal("", binding),
    );
    for (const text of texts) expect(own.open(text, binding).kind).toBe("opened");
    const kept = texts.filter((text) => ring.first.derived.get(text.slice(0, 56)) !== undefined);
    expect(kept.length).toBeLessThanOrEqual(2_048);
    expect(kept.length).toBeGreaterThanOrEqual(1_024);
  });
});

describe("a binding", () => {
  it("takes no half of a surrogate pair, which UTF-8 cannot tell from another", () => {
    expect(() => bindTo("session", "\ud800")).toThrow(OptionsError);
  });
});

/** Another last character for the same bytes. */
function successor(last: string | undefined): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet[alphabet.indexOf(last ?? "") + 1] ?? "";
}
