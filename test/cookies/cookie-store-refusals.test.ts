import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pooledRandom } from "../../src/core/environment.ts";
import { bindTo } from "../../src/sealing/binding.ts";
import { KeyRing } from "../../src/sealing/key-ring.ts";
import { Sealer } from "../../src/sealing/sealer.ts";
import type { Browser } from "../laws/support/browser.ts";
import { HOUR, MINUTE } from "../laws/support/clock.ts";
import { COOKIE, CookieWorld, newKey, SEEN } from "./support/cookie-world.ts";

const userOf = async (browser: Browser): Promise<unknown> =>
  (await browser.visit((session) => session.userId ?? null)).json;

/** Changes one bit of base64url text. */
function flipped(text: string, bit: number): string {
  const bytes = Buffer.from(text, "base64url");
  const at = bit % (bytes.length * 8);
  bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
  return bytes.toString("base64url");
}

describe("a cookie that is not as it was sealed", () => {
  it("is refused whichever bit is changed, and named [ASVS 7.2.1, ASVS 9.1.1, ASVS 11.3.3, WSTG-SESS-10]", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    const genuine = browser.token ?? "";
    const expected = new Set(["malformed", "unknownKey", "altered"]);
    await fc.assert(
      fc.asyncProperty(fc.nat(genuine.length * 6), async (bit) => {
        const changed = flipped(genuine, bit);
        fc.pre(changed !== genuine);
        browser.token = changed;
        expect(await userOf(browser)).toBeNull();
        expect(expected).toContain(world.reasons.at(-1));
      }),
      { numRuns: 300 },
    );
    browser.token = genuine;
    expect(await userOf(browser)).toBe("ada");
  });

  it.each([
    ["of an unknown version", (text: string) => flipped(text, 0), "malformed"],
    ["of an unknown key", (text: string) => flipped(text, 8), "unknownKey"],
    ["of another salt", (text: string) => flipped(text, 6 * 8), "altered"],
    ["of another commitment", (text: string) => flipped(text, 22 * 8), "altered"],
    ["of another nonce", (text: string) => flipped(text, 42 * 8), "altered"],
    ["changed in what is sealed", (text: string) => flipped(text, 60 * 8), "altered"],
    ["changed in the tag", (text: string) => `${flipped(text, text.length * 6 - 20)}`, "altered"],
    ["cut short", (text: string) => text.slice(0, -4), "malformed"],
    ["cut to nothing", () => "", "malformed"],
    ["one letter longer", (text: string) => `${text}A`, "malformed"],
    ["a plain token", () => "A".repeat(43), "malformed"],
    ["JSON", () => '{"userId":"root"}', "malformed"],
  ])("is refused where it is %s", async (_name, change, reason) => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    browser.token = change(browser.token ?? "");
    expect(await userOf(browser)).toBeNull();
    expect(world.reasons).toEqual([reason]);
  });

  it("is refused where another application has sealed it, though its name is the same [ASVS 9.2.3]", async () => {
    const [world, other] = [new CookieWorld(), new CookieWorld()];
    const browser = await other.signedIn("root");
    const stranger = browser.copy(world.sessions);
    expect(await userOf(stranger)).toBeNull();
    expect(world.reasons).toEqual(["unknownKey"]);
  });

  it("is refused by another application's audience, though keys and name are the same [ASVS 9.2.3, ASVS 9.2.4]", async () => {
    const world = new CookieWorld({ audience: "www" });
    const browser = await world.signedIn("ada");
    world.clock.move(10 * MINUTE);
    // The idle clock has its own cookie by now.
    expect(await userOf(browser)).toBe("ada");
    expect(await userOf(browser.copy(world.process()))).toBe("ada");
    for (const audience of ["admin", "WWW", "www ", undefined]) {
      const other = world.process({ audience });
      const reasons: unknown[] = [];
      other.on("rejected", ({ reason }) => void reasons.push(reason));
      const stranger = browser.copy(other);
      expect(await userOf(stranger)).toBeNull();
      // Its clock does not move a session of its own either.
      stranger.jar.delete(COOKIE);
      await stranger.visit((session) => session.set("n", 1));
      expect(await userOf(stranger)).toBeNull();
      expect(reasons).toEqual(["altered", "altered"]);
    }
  });

  it("is refused under another cookie's name [Laravel-2020] [ASVS 9.2.2]", async () => {
    const world = new CookieWorld();
    const staff = world.process({ name: "staff" });
    const browser = await world.signedIn("ada");
    const moved = browser.copy(staff);
    moved.jar.set("__Host-Http-staff", browser.token ?? "");
    const reasons: unknown[] = [];
    staff.on("rejected", ({ reason }) => void reasons.push(reason));
    expect(await userOf(moved)).toBeNull();
    expect(reasons).toEqual(["altered"]);
  });

  it("is refused where the idle clock's text stands in the session's place, and the other way", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    world.clock.move(10 * MINUTE);
    await userOf(browser);
    const [data, seen] = [browser.jar.get(COOKIE) ?? "", browser.jar.get(SEEN) ?? ""];
    browser.jar.set(COOKIE, seen);
    browser.jar.set(SEEN, data);
    expect(await userOf(browser)).toBeNull();
    browser.jar.set(COOKIE, data);
    expect(await userOf(browser)).toBe("ada");
    expect(world.reasons).toEqual(["altered", "altered"]);
  });

  it("is refused where it was sealed for another purpose under the same key [CVE-2023-48309] [ASVS 9.2.2]", async () => {
    const world = new CookieWorld();
    const sealer = new Sealer(new KeyRing("keys", world.keys), pooledRandom());
    const browser = world.browser();
    browser.token = sealer.seal("[]", bindTo("sojourn/value", COOKIE, "1"));
    await userOf(browser);
    browser.token = sealer.seal("[]\n\n{}", bindTo("sojourn/cookie-session", COOKIE, "1"));
    await userOf(browser);
    expect(world.reasons).toEqual(["altered", "malformed"]);
  });

  it("tells two users' sessions apart: with the cookie goes the user, whole [CVE-2024-51996]", async () => {
    const world = new CookieWorld();
    const ada = await world.signedIn("ada", { n: 1 });
    const bob = await world.signedIn("bob", { n: 2 });
    [ada.token, bob.token] = [bob.token ?? "", ada.token ?? ""];
    const facts = (browser: Browser) => browser.visit((s) => [s.userId, s.get("n")]);
    expect((await facts(ada)).json).toEqual(["bob", 2]);
    // No half of the one opens with a half of the other.
    const [one, other] = [ada.token ?? "", bob.token ?? ""];
    for (let cut = 8; cut < Math.min(one.length, other.length); cut += 8) {
      const mixed = one.slice(0, cut) + other.slice(cut);
      if (mixed === one || mixed === other) continue;
      ada.token = mixed;
      expect(await userOf(ada)).toBeNull();
    }
  });

  it("twice under one prefixed name is refused, and taken away", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    const cookie = `${COOKIE}=${browser.token}; ${COOKIE}=${browser.token}`;
    const answer = await world.browser().visit((session) => session.userId ?? null, {
      headers: { cookie },
    });
    expect(answer.json).toBeNull();
    expect(answer.cookies[0]).toMatch(/^__Host-Http-session=; .*Max-Age=0/);
    expect(world.reasons).toEqual(["duplicate"]);
  });

  it("whose idle clock was changed still opens, at its own time [WSTG-SESS-07]", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    world.clock.move(10 * MINUTE);
    await userOf(browser);
    browser.jar.set(SEEN, flipped(browser.jar.get(SEEN) ?? "", 500));
    expect(await userOf(browser)).toBe("ada");
    expect(world.reasons).toEqual(["altered"]);
    world.clock.move(20 * MINUTE);
    browser.jar.delete(SEEN);
    expect(await userOf(browser)).toBeNull();
    expect(world.reasons).toEqual(["altered", "expired"]);
  });

  it("is refused past its clocks though the browser still has it [ASVS 9.2.1, WSTG-SESS-07, WSTG-SESS-10, NIST 5.1.1 expiry]", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    world.clock.move(13 * HOUR);
    expect(await userOf(browser)).toBeNull();
    expect(world.reasons).toEqual(["expired"]);
  });

  it("is refused past the longest timeout in force, whatever it was when it was sealed", async () => {
    const world = new CookieWorld();
    const browser = world.browser();
    await browser.visit((session) => session.signIn("ada", { persistent: true }));
    const short = { idleTimeout: "10m", absoluteTimeout: "1h" } as const;
    const strict = browser.copy(world.process({ ...short, persistent: short }));
    world.clock.move(59 * MINUTE);
    expect(await userOf(strict)).toBe("ada");
    world.clock.move(MINUTE);
    expect(await userOf(strict)).toBeNull();
    expect(await userOf(browser)).toBe("ada");
  });

  it("never throws, whatever it is [ASVS 11.2.5]", async () => {
    const world = new CookieWorld();
    const browser = world.browser();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme-ascii" }), async (text) => {
        browser.token = text.replace(/[^\x21-\x3a\x3c-\x7e]/g, "");
        const { status, json } = await browser.visit((session) => session.userId ?? null);
        expect([status, json]).toEqual([200, null]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("keys", () => {
  it("that were first once still open; the next write is sealed under the new one [ASVS 11.2.2]", async () => {
    const [old, fresh] = [newKey(), newKey()];
    const world = new CookieWorld({ keys: [old] });
    const browser = await world.signedIn("ada", { n: 1 });
    const both = browser.copy(world.process({ keys: [fresh, old] }));
    const read = await both.visit((session) => session.get("n"));
    expect([read.json, read.cookies]).toEqual([1, []]);
    await both.visit((session) => session.set("n", 2));
    const alone = both.copy(world.process({ keys: [fresh] }));
    expect((await alone.visit((session) => [session.userId, session.get("n")])).json).toEqual([
      "ada",
      2,
    ]);
    expect(await userOf(browser.copy(world.process({ keys: [fresh] })))).toBeNull();
  });

  it("are exchanged by a touch too", async () => {
    const [old, fresh] = [newKey(), newKey()];
    const world = new CookieWorld({ keys: [old] });
    const browser = (await world.signedIn()).copy(world.process({ keys: [fresh, old] }));
    world.clock.move(10 * MINUTE);
    const { cookies } = await browser.visit((session) => session.userId);
    expect(cookies.map((line) => line.split("=")[0])).toEqual([SEEN, COOKIE]);
    const alone = browser.copy(world.process({ keys: [fresh] }));
    expect(await userOf(alone)).toBe("ada");
    world.clock.move(10 * MINUTE);
    expect((await alone.visit((session) => session.userId)).cookies).toHaveLength(1);
  });

  it("may stand in another order, or come from a function", async () => {
    const [one, other] = [newKey(), newKey()];
    let keys: readonly string[] = [one];
    const world = new CookieWorld({ keys: () => keys });
    const browser = await world.signedIn();
    keys = [other, one];
    expect(await userOf(browser)).toBe("ada");
    await browser.visit((session) => session.set("n", 1));
    keys = [other];
    expect(await userOf(browser)).toBe("ada");
    keys = [one];
    expect(await userOf(browser)).toBeNull();
    expect(world.reasons).toEqual(["unknownKey"]);
  });
});
