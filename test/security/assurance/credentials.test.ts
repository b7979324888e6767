import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { cookieStore } from "../../../src/cookies/cookie.ts";
import { createSessions, type Session, type Untyped } from "../../../src/index.ts";
import { credentials } from "../../../src/security/assurance/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import { SECOND } from "../../laws/support/clock.ts";
import { gate, quiet, World } from "../../laws/support/world.ts";

const userOf = async (browser: Browser): Promise<unknown> =>
  (await browser.visit((session) => session.userId ?? null)).json;

/** An application with a table of password hashes, and what it was asked. */
function app(options: { readonly every?: "1m" } = {}) {
  const hashes = new Map([
    ["ada", "$scrypt$one"],
    ["bob", "$scrypt$bob"],
  ]);
  const asked: string[] = [];
  const passwords = credentials({
    of: async (userId) => {
      asked.push(userId);
      return hashes.get(userId);
    },
    ...options,
  });
  const world = new World({ protections: [passwords] });
  return { hashes, asked, passwords, world };
}

describe("credentials", () => {
  it("keep nobody waiting for ever, nor signed out, where they are not told", async () => {
    let isHanging = false;
    const of = (): Promise<string> =>
      isHanging ? new Promise(() => undefined) : Promise.resolve("one");
    const told: string[] = [];
    const onError = ({ message }: Error): void => void told.push(message);
    const world = new World({ storeTimeout: "300ms", onError, protections: [credentials({ of })] });
    const browser = await world.signedIn();
    isHanging = true;
    const answer = await browser
      .visit((session) => session.userId)
      .catch(({ status }) => ({ status }));
    expect([answer.status, told]).toEqual([
      503,
      [expect.stringMatching(/credentials\(of\) gave no answer/)],
    ]);
    isHanging = false;
    expect(await userOf(browser)).toBe("ada");
  });

  it("end a user's other sessions once they change, each at its next open, and nobody else's [ASVS 7.4.2, ASVS 7.4.3]", async () => {
    const { hashes, passwords, world } = app();
    const [own, other, bob] = [
      await world.signedIn(),
      await world.signedIn(),
      await world.signedIn("bob"),
    ];
    const thief = own.copy();
    await own.visit(async (session) => {
      hashes.set("ada", "$scrypt$two");
      await passwords.keepSignedIn(session);
    });
    expect(await userOf(own)).toBe("ada");
    expect([await userOf(other), await userOf(bob)]).toEqual([null, "bob"]);
    // Its token has changed, too.
    expect(await userOf(thief)).toBeNull();
    expect(world.told("revoked").map(({ userId }) => userId)).toEqual(["ada"]);
  });

  it("end the own session as well, where it is not kept", async () => {
    const { hashes, world } = app();
    const own = await world.signedIn();
    hashes.set("ada", "$scrypt$two");
    expect(await userOf(own)).toBeNull();
    expect(await world.live()).toBe(0);
  });

  it("end what is signed in while they change", async () => {
    const { hashes, world } = app();
    const [reached, released] = [gate(), gate()];
    world.switch.behave = async (operation, send) => {
      if (operation === "create") {
        reached.open();
        await released.passed;
      }
      return send();
    };
    const browser = world.browser();
    const signingIn = browser.visit((session) => session.signIn("ada"));
    await reached.passed;
    hashes.set("ada", "$scrypt$two");
    released.open();
    await signingIn;
    expect(await userOf(browser)).toBeNull();
  });

  it("end what was verified before they changed, and signed in after", async () => {
    const { hashes, passwords, world } = app();
    const browser = world.browser();
    await browser.visit(async (session) => {
      passwords.verified(session, "ada", "$scrypt$one");
      hashes.set("ada", "$scrypt$two");
      await session.signIn("ada");
    });
    expect(await userOf(browser)).toBeNull();
  });

  it("were verified for one user, and one sign-in", async () => {
    const { hashes, passwords, world } = app();
    const browser = world.browser();
    await browser.visit(async (session) => {
      passwords.verified(session, "ada", "$scrypt$one");
      await session.signIn("bob");
    });
    expect(await userOf(browser)).toBe("bob");
    hashes.set("ada", "$scrypt$two");
    await browser.visit((session) => session.signIn("ada"));
    expect(await userOf(browser)).toBe("ada");
  });

  it("that are gone end every session, and begin none [ASVS 7.4.2]", async () => {
    const { hashes, world } = app();
    const browser = await world.signedIn();
    hashes.delete("ada");
    expect(await userOf(browser)).toBeNull();
    const { json } = await browser.visit((session) =>
      session.signIn("ada").catch(({ code, status, reason }) => [code, status, reason]),
    );
    expect(json).toEqual(["ERR_SESSION_ASSURANCE", 403, "noCredentials"]);
    expect(await world.live()).toBe(0);
  });

  it("that cannot be asked for sign nobody out", async () => {
    let isDown = false;
    const of = (): string => {
      if (isDown) throw new Error("no database");
      return "$scrypt$one";
    };
    const world = new World({ protections: [credentials({ of })] });
    const browser = await world.signedIn();
    isDown = true;
    await expect(userOf(browser)).rejects.toThrow("no database");
    isDown = false;
    expect(await userOf(browser)).toBe("ada");
  });

  it("are noted at the first open of a session from before", async () => {
    const { hashes, passwords, world } = app();
    const before = new Browser(world.process());
    await before.visit((session) => session.signIn("ada"));
    const browser = before.copy(world.process({ protections: [passwords] }));
    expect(await userOf(browser)).toBe("ada");
    hashes.set("ada", "$scrypt$two");
    expect(await userOf(browser)).toBeNull();
  });

  it("ask nobody about a visitor who is not signed in", async () => {
    const { asked, world } = app();
    const browser = await world.returning();
    await userOf(browser);
    expect(asked).toEqual([]);
  });

  it("end sessions in cookies, too", async () => {
    let hash = "$scrypt$one";
    const sessions = createSessions<Untyped>({
      store: cookieStore({
        revocations: "none: a copied cookie works until it expires, signed out or not",
      }),
      keys: randomBytes(32),
      protections: [credentials({ of: () => hash })],
    });
    const browser = new Browser(sessions);
    await browser.visit((session) => session.signIn("ada"));
    const copy = browser.copy();
    expect(await userOf(browser)).toBe("ada");
    hash = "$scrypt$two";
    expect([await userOf(browser), await userOf(copy)]).toEqual([null, null]);
  });

  it("show in no record: neither as they are, nor twice the same [ASVS 16.2.5]", async () => {
    const { world } = app();
    const notes: unknown[] = [];
    for (const browser of [await world.signedIn(), await world.signedIn()]) {
      const stored = await world.stored(await world.idOf(browser));
      notes.push(stored?.notes);
    }
    expect(notes.join()).not.toContain("scrypt");
    const prints = notes.map((text) => JSON.parse(String(text)).c);
    expect(prints[0]).toMatch(/^[\w-]{16}\.[\w-]{22}$/);
    expect(prints[0]).not.toBe(prints[1]);
  });

  it("must be a text, so that a slip lets nobody in", async () => {
    const of = (): never => 7 as never;
    const world = new World({ protections: [credentials({ of })] });
    const { json } = await world
      .browser()
      .visit((session) => session.signIn("ada").catch((error: Error) => error.name));
    expect(json).toBe("OptionsError");
    expect(() => credentials({ of: undefined as never })).toThrow("credentials(of): must be");
    expect(() => credentials({ of, each: "1m" } as never)).toThrow("credentials.each: is not");
    expect(() => credentials({ of, every: "soon" as never })).toThrow("credentials(every)");
  });

  it("are kept for nobody who is not signed in, and for nobody without any", async () => {
    const { hashes, passwords, world } = app();
    const tried = (session: Session<Untyped>): Promise<unknown> =>
      passwords.keepSignedIn(session).catch((error) => error.reason);
    expect((await world.browser().visit(tried)).json).toBe("signedOut");
    const browser = await world.signedIn();
    const { json } = await browser.visit((session) => {
      hashes.delete("ada");
      return tried(session);
    });
    expect(json).toBe("noCredentials");
  });
});

describe("credentials that are asked for every minute", () => {
  it("are asked for once in that time, and a change counts that much later at the most", async () => {
    const { hashes, asked, world } = app({ every: "1m" });
    const browser = await world.signedIn();
    for (let visits = 0; visits < 5; visits += 1) await userOf(browser);
    expect(asked).toEqual(["ada"]);
    hashes.set("ada", "$scrypt$two");
    world.clock.move(60 * SECOND - 1);
    expect(await userOf(browser)).toBe("ada");
    world.clock.move(1);
    expect(await userOf(browser)).toBeNull();
  });

  it("end no session that is newer than a remembered answer", async () => {
    const { hashes, passwords, world } = app({ every: "1m" });
    const first = await world.signedIn();
    await userOf(first);
    hashes.set("ada", "$scrypt$two");
    // Another process has not heard this one's answer.
    const elsewhere = credentials({ of: async (userId) => hashes.get(userId), every: "1m" });
    const browser = new Browser(world.process({ protections: [elsewhere] }));
    await browser.visit((session) => session.signIn("ada"));
    expect(await userOf(browser.copy(world.process({ protections: [passwords] })))).toBe("ada");
    await quiet();
    expect(await userOf(first)).toBeNull();
  });
});
