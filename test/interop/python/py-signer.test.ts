import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Derivation } from "../../../src/interop/python/itsdangerous/derived-key.ts";
import { payloadOf, readPayload } from "../../../src/interop/python/itsdangerous/payload.ts";
import { PySigner } from "../../../src/interop/python/itsdangerous/py-signer.ts";
import { TimedPySigner } from "../../../src/interop/python/itsdangerous/timed-py-signer.ts";

/** `Signer("secret-é", salt="salt", key_derivation=…).sign("value")` of itsdangerous 2.1.2. */
const SIGNED: readonly (readonly [derivation: Derivation, signed: string])[] = [
  ["hmac", "value.UTJKLgGCu7gNyZH5fg9ZJgIokf0"],
  ["concat", "value.qEg5n6ghQnFT6DqYUtkdYJJPUVg"],
  ["django-concat", "value.AXjHxTRdr2_X11ueftTqkhfsFBY"],
  ["none", "value.Bm_yM-a2fUq0spNKd34Trx-dee4"],
];

const NOW = 1_700_000_000_000;

describe("PySigner", () => {
  it.each(SIGNED)(
    "signs and reads as itsdangerous with the derivation %s",
    (derivation, signed) => {
      const signer = new PySigner({ keys: ["secret-é"], salt: "salt", derivation });
      expect(signer.sign("value")).toBe(signed);
      expect(signer.unsign(signed)).toStrictEqual({ ok: true, value: "value", isCurrent: true });
    },
  );

  it.each([
    ["sha1", "value.UTJKLgGCu7gNyZH5fg9ZJgIokf0"],
    ["sha256", "value.1pcpzs-gbdgwT26aLdEWPtQNRfgo45TboOo4QnAbNLI"],
    [
      "sha512",
      "value.uUraGD91tLZOoxRInYM87Dx9XIxtQfFKfQ5VeM-Sy4wMUaj_MO5c3kaX1dPMRf7YIgIqLznVpU2BRjNqoPbBPw",
    ],
  ] as const)("signs as itsdangerous with %s", (digest, signed) => {
    const options = { keys: ["secret-é"], salt: "salt", derivation: "hmac", digest } as const;
    expect(new PySigner(options).sign("value")).toBe(signed);
  });

  it("signs with the last key, and takes what any of them signed", () => {
    const derivation = "hmac";
    const older = new PySigner({ keys: ["old"], salt: "s", derivation });
    const both = new PySigner({ keys: ["old", "new"], salt: "s", derivation });
    const newer = new PySigner({ keys: ["new"], salt: "s", derivation });
    expect(newer.unsign(both.sign("v"))).toMatchObject({ ok: true });
    expect(older.unsign(both.sign("v"))).toStrictEqual({ ok: false, reason: "altered" });
    expect(both.unsign(older.sign("v"))).toMatchObject({ ok: true, isCurrent: false });
  });

  it("takes a signature by its bytes, as Python does, and no other bytes", () => {
    const signer = new PySigner({ keys: ["k"], salt: "s", derivation: "hmac" });
    const signed = signer.sign("v");
    // The last of 27 characters has two bits to spare.
    const last = signed.charCodeAt(signed.length - 1);
    const respelt = signed.slice(0, -1) + String.fromCharCode(last + 1);
    for (const each of [respelt, `${signed}=`]) expect(signer.unsign(each).ok).toBe(true);
    const first = signed.replace(/\.(.)/, (_, letter) => `.${letter === "A" ? "B" : "A"}`);
    for (const each of [first, `${signed}.`, signed.slice(0, -1), `${signed}AA`]) {
      expect(signer.unsign(each)).toStrictEqual({ ok: false, reason: "altered" });
    }
  });

  it("does not take half of a surrogate pair for the character that Node writes for it", () => {
    const signer = new PySigner({ keys: ["k"], salt: "s", derivation: "hmac" });
    const signed = signer.sign("\ufffd");
    expect(signer.unsign(signed).ok).toBe(true);
    expect(signer.unsign(signed.replace("\ufffd", "\ud800")).ok).toBe(false);
  });
});

describe("TimedPySigner", () => {
  const signer = new TimedPySigner({ keys: ["k"], salt: "s", derivation: "hmac" });
  const bare = new PySigner({ keys: ["k"], salt: "s", derivation: "hmac" });

  it("takes what is as old as it may be, and nothing older, and nothing of the future", () => {
    const signed = signer.sign("v", NOW + 999);
    const read = (seconds: number) =>
      signer.unsign(signed, { now: NOW + 1_000 * seconds, maxAge: 60 });
    expect(read(60.999)).toMatchObject({ ok: true, value: "v", issuedAt: NOW });
    expect(read(61)).toStrictEqual({ ok: false, reason: "expired", issuedAt: NOW });
    expect(read(-0.001)).toStrictEqual({ ok: false, reason: "future", issuedAt: NOW });
    expect(signer.unsign(signed, { now: 0 })).toMatchObject({ ok: true });
  });

  it.each([0, 1, 255, 256, 4_294_967_295, 4_294_967_296, 8_640_000_000_000])(
    "reads the second %d that it wrote",
    (seconds) => {
      const signed = signer.sign("v.w", 1_000 * seconds);
      const reading = signer.unsign(signed, { now: 1_000 * seconds, maxAge: 0 });
      expect(reading).toMatchObject({ ok: true, value: "v.w", issuedAt: 1_000 * seconds });
    },
  );

  it.each(["v", "v.AAAA", "v._", "v.ZVPxAA=", "v.__________8", "v.AQAAAAAAAAAA", "v.!"])(
    "finds no time in %s, though it is signed",
    (value) => {
      const reading = signer.unsign(bare.sign(value), { now: NOW, maxAge: 60 });
      expect(reading).toStrictEqual({ ok: false, reason: "malformed" });
    },
  );
});

describe("readPayload", () => {
  it("reads what was written, packed or not", () => {
    for (const text of ["{}", "ë".repeat(1_000)]) {
      const reading = readPayload(payloadOf(text));
      expect(reading.ok && reading.bytes.toString()).toBe(text);
    }
    expect(payloadOf("ë".repeat(1_000))).toMatch(/^\./);
  });

  it("inflates up to a mebibyte, and refuses what is larger [CVE-2024-28176]", () => {
    const packed = (bytes: number) => `.${deflateSync(Buffer.alloc(bytes)).toString("base64url")}`;
    expect(readPayload(packed(1_048_576))).toMatchObject({ ok: true });
    expect(readPayload(packed(1_048_577))).toStrictEqual({ ok: false, reason: "tooLarge" });
    expect(readPayload("A".repeat(1_400_000))).toStrictEqual({ ok: false, reason: "tooLarge" });
  });

  it.each([".", ".AAAA", ".eJw", "A", "e30=", "e31", "+///"])("refuses %s", (payload) => {
    expect(readPayload(payload)).toStrictEqual({ ok: false, reason: "corrupt" });
  });
});
