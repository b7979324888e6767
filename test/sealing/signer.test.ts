import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bindTo } from "../../src/sealing/binding.ts";
import { KeyRing, type Keys } from "../../src/sealing/key-ring.ts";
import { Signer } from "../../src/sealing/signer.ts";
import { freshKey, sealerOf } from "./support/keys.ts";

const binding = bindTo("preferences", "prefs");
const key = freshKey();
const signerOf = (keys: Keys): Signer => new Signer(new KeyRing("keys", keys));
const signer = signerOf(key);

describe("a signed text", () => {
  it("reads back as the same text, and a script of the page can read it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const signed = signer.sign(text, binding);
        expect(signed).toMatch(/^[A-Za-z0-9_.-]+$/);
        expect(signer.verify(signed, binding)).toEqual({ kind: "opened", text, isCurrent: true });
        expect(Buffer.from(signed.split(".")[1] ?? "", "base64url").toString()).toBe(text);
      }),
    );
  });

  it("is refused after a change of any one character to any other", () => {
    const signed = signer.sign('{"theme":"dark"}', binding);
    const others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \n\0é";
    for (let place = 0; place < signed.length; place += 1) {
      for (const other of others) {
        if (other === signed[place]) continue;
        const changed = signed.slice(0, place) + other + signed.slice(place + 1);
        expect(signer.verify(changed, binding).kind, `${other} at ${place}`).not.toBe("opened");
      }
    }
  });

  it("is refused when it is cut or longer", () => {
    const signed = signer.sign('{"theme":"dark"}', binding);
    for (let length = 0; length < signed.length; length += 1) {
      expect(signer.verify(signed.slice(0, length), binding).kind).not.toBe("opened");
      expect(signer.verify(signed.slice(length + 1), binding).kind).not.toBe("opened");
    }
    expect(signer.verify(`${signed}\n`, binding).kind).toBe("malformed");
    expect(signer.verify(`${signed}=`, binding).kind).toBe("malformed");
  });

  it("is refused for another purpose or name, and where they are split elsewhere", () => {
    const signed = signer.sign("x", binding);
    for (const other of [bindTo("preferences"), bindTo("preferencesp", "refs"), bindTo("", "x")]) {
      expect(signer.verify(signed, other)).toEqual({ kind: "altered" });
    }
  });

  it("is refused under keys that do not have its own, and opens under an old one [GHSA-869p-cjfg-cm3x] [ASVS 9.1.3]", () => {
    const signed = signer.sign("x", binding);
    expect(signerOf(freshKey()).verify(signed, binding)).toEqual({ kind: "unknownKey" });
    const opening = signerOf([freshKey(), key]).verify(signed, binding);
    expect(opening).toEqual({ kind: "opened", text: "x", isCurrent: false });
  });

  it("is no sealed one, and the other way round [ASVS 9.1.2]", () => {
    const sealer = sealerOf(key);
    expect(signer.verify(sealer.seal("x", binding), binding)).toEqual({ kind: "malformed" });
    expect(sealer.open(signer.sign("x", binding), binding)).toEqual({ kind: "malformed" });
  });

  it("never makes verify throw, whatever it is", () => {
    fc.assert(
      fc.property(fc.anything(), (signed) => {
        expect(signer.verify(signed, binding)).toEqual({ kind: "malformed" });
      }),
    );
    const head = signer.sign("", binding).slice(0, 8);
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (text, mac) => {
        const [payload, signature] = [text, mac].map((part) =>
          Buffer.from(part).toString("base64url"),
        );
        expect(signer.verify(`${head}.${payload}.${signature}`, binding)).toEqual({
          kind: "altered",
        });
      }),
    );
  });
});
