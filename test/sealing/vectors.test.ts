import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bindTo } from "../../src/sealing/binding.ts";
import { KeyRing } from "../../src/sealing/key-ring.ts";
import { Signer } from "../../src/sealing/signer.ts";
import { sealerOf } from "./support/keys.ts";
import { referenceOpen, referenceSign } from "./support/reference.ts";
import { makeVectors, type Vector } from "./support/vectors.ts";

const path = new URL("../../docs/sealed-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(path, "utf8")) as readonly Vector[];

describe("the documented vectors", () => {
  it("are what this version makes", () => {
    expect(vectors).toEqual(makeVectors());
  });

  it("open, and verify", () => {
    for (const { secretHex, binding, text, sealed, signed } of vectors) {
      const [purpose, ...parts] = binding;
      const bound = bindTo(purpose, ...parts);
      const opened = { kind: "opened", text, isCurrent: true };
      expect(sealerOf(secretHex).open(sealed, bound)).toEqual(opened);
      expect(new Signer(new KeyRing("keys", secretHex)).verify(signed, bound)).toEqual(opened);
    }
  });

  it("agree with a second implementation, on WebCrypto", async () => {
    for (const { secretHex, binding, text, sealed, signed } of vectors) {
      const secret = Buffer.from(secretHex, "hex");
      expect(await referenceOpen(sealed, secret, binding)).toBe(text);
      expect(await referenceSign(text, secret, binding)).toBe(signed);
    }
  });

  it("show every length in steps of 64 bytes, salt and nonce where they belong", () => {
    for (const { saltHex, nonceHex, text, sealed } of vectors) {
      const message = Buffer.from(sealed, "base64url");
      const buckets = Math.floor(Buffer.byteLength(text) / 64) + 1;
      expect(message.length).toBe(70 + 64 * buckets);
      expect(message.toString("hex", 6, 22)).toBe(saltHex);
      expect(message.toString("hex", 42, 54)).toBe(nonceHex);
    }
  });
});
