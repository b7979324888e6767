import { afterEach, describe, expect, it, vi } from "vitest";
import { PySigner } from "../../src/interop/python/itsdangerous/py-signer.ts";
import { isSameText } from "../../src/interop/python/same-text.ts";
import { bindTo } from "../../src/sealing/binding.ts";
import { KeyRing } from "../../src/sealing/key-ring.ts";
import { Signer } from "../../src/sealing/signer.ts";
import { freshKey, sealerOf } from "../sealing/support/keys.ts";

const comparison = vi.hoisted(() => ({ says: undefined as boolean | undefined }));

vi.mock("node:crypto", async (original) => {
  const crypto = await original<typeof import("node:crypto")>();
  const timingSafeEqual: typeof crypto.timingSafeEqual = (one, other) => {
    return comparison.says ?? crypto.timingSafeEqual(one, other);
  };
  return { ...crypto, timingSafeEqual };
});

const BINDING = bindTo("preferences", "prefs");
const KEY = freshKey();
const SIGNER = new Signer(new KeyRing("keys", KEY));
const PYTHON = new PySigner({ keys: ["secret"], salt: "salt", derivation: "hmac" });
const SEALED = sealerOf(KEY).seal("text", BINDING);

/** What is right, and whether it is believed. */
const RIGHT: Readonly<Record<string, () => boolean>> = {
  "a signed text": () => isOpened(SIGNER.verify(SIGNER.sign("text", BINDING), BINDING)),
  "a text that itsdangerous signed": () => PYTHON.unsign(PYTHON.sign("text")).ok,
  "a signature in hexadecimal": () => isSameText("00ff", "00ff"),
  // By a process that has not derived its key yet: the commitment is what is compared.
  "a sealed text": () => isOpened(sealerOf(KEY).open(SEALED, BINDING)),
};

/** The same, altered. A sealed text has its tag beside, which the cipher compares. */
const WRONG: Readonly<Record<string, () => boolean>> = {
  "a signed text": () => isOpened(SIGNER.verify(altered(SIGNER.sign("text", BINDING)), BINDING)),
  "a text that itsdangerous signed": () =>
    PYTHON.unsign(`${PYTHON.sign("text")}`.replace(/.{4}$/, "AAAA")).ok,
  "a signature in hexadecimal": () => isSameText("00ff", "00fe"),
};

const isOpened = ({ kind }: { readonly kind: string }): boolean => kind === "opened";

const altered = (text: string): string =>
  text.slice(0, -4) + (text.endsWith("AAAA") ? "BBBB" : "AAAA");

afterEach(() => {
  comparison.says = undefined;
});

describe("a secret is compared in constant time, and by nothing else [ASVS 11.2.4]", () => {
  it.each(Object.entries(RIGHT))("%s is refused where that says no", (_name, isBelieved) => {
    expect(isBelieved()).toBe(true);
    comparison.says = false;
    expect(isBelieved()).toBe(false);
  });

  it.each(Object.entries(WRONG))("%s is believed where that says yes", (_name, isBelieved) => {
    expect(isBelieved()).toBe(false);
    comparison.says = true;
    expect(isBelieved()).toBe(true);
  });
});
