import { describe, expect, it } from "vitest";
import { pooledRandom } from "../../../src/core/environment.ts";
import { bindTo } from "../../../src/sealing/binding.ts";
import { KeyRing } from "../../../src/sealing/key-ring.ts";
import { Sealer } from "../../../src/sealing/sealer.ts";
import { Signer } from "../../../src/sealing/signer.ts";
import { COOKIE, CookieWorld, newKey } from "../../cookies/support/cookie-world.ts";

describe("a cookie that is not sealed", () => {
  const key = newKey();
  const binding = bindTo("sojourn/cookie-session", COOKIE, "1");
  const ring = new KeyRing("keys", key);

  /** The very text that this application seals, of another user. */
  async function forgedText(world: CookieWorld): Promise<string> {
    const browser = await world.signedIn("ada");
    const opening = new Sealer(ring, pooledRandom()).open(browser.token, binding);
    if (opening.kind !== "opened") throw new Error("the genuine cookie does not open");
    expect(opening.text).toContain('"ada"');
    return opening.text.replace('"ada"', '"root"');
  }

  const WAYS: Readonly<Record<string, (text: string) => string>> = {
    "base64url of the text": (text) => Buffer.from(text).toString("base64url"),
    "base64 of the text": (text) => Buffer.from(text).toString("base64").replace(/=+$/, ""),
    "the text, percent-encoded": (text) => encodeURIComponent(text),
    "JSON of the user": () => Buffer.from('{"userId":"root"}').toString("base64url"),
    "signed under the same key": (text) => new Signer(ring).sign(text, binding),
    "another version before the text": (text) =>
      Buffer.concat([Buffer.of(0), Buffer.from(text)]).toString("base64url"),
    "sealed under a key of the sender's": (text) =>
      new Sealer(new KeyRing("keys", newKey()), pooledRandom()).seal(text, binding),
    "sealed under the sender's key, which it calls by the name of ours": (text) => {
      const foreign = new Sealer(new KeyRing("keys", newKey()), pooledRandom()).seal(text, binding);
      return ring.first.sealHead + foreign.slice(ring.first.sealHead.length);
    },
  };

  it.each(Object.keys(WAYS))(
    "CVE-2026-39324: is read by no other decoder when it does not open: %s",
    async (way) => {
      const world = new CookieWorld({ keys: [key] });
      const browser = world.browser();
      browser.token = WAYS[way]?.(await forgedText(world)) ?? "";
      const { status, json } = await browser.visit((session) => session.userId ?? null);
      expect([status, json]).toEqual([200, null]);
      expect(world.reasons).toHaveLength(1);
    },
  );
});
