import { describe, expect, it } from "vitest";
import { cookieStore } from "../../src/cookies/cookie.ts";
import { CrossSiteError, createSessions, memoryStore, type Untyped } from "../../src/index.ts";
import { csrfField, csrfMeta, csrfToken, requireCsrfToken } from "../../src/security/csrf/index.ts";
import { newKey } from "../cookies/support/cookie-world.ts";
import { Browser } from "../laws/support/browser.ts";
import { World } from "../laws/support/world.ts";

const NONE = "none: a copied cookie works until it expires, signed out or not";

const POST = { method: "POST", headers: { "sec-fetch-site": "same-origin" } };

/** What becomes of a form with that in its field. */
async function sent(browser: Browser, value: unknown, headers: Record<string, string> = {}) {
  const visit = { ...POST, headers: { ...POST.headers, ...headers } };
  const answer = await browser.visit((session) => {
    requireCsrfToken(session, value);
    return "taken";
  }, visit);
  return answer.status === 403 ? "refused" : answer.json;
}

async function tokenOf(browser: Browser): Promise<string> {
  return String((await browser.visit((session) => csrfToken(session))).json);
}

const KINDS: Readonly<Record<string, () => Browser>> = {
  "in a store": () => new World().browser(),
  "in cookies": () => {
    const store = cookieStore({ revocations: NONE });
    const sessions = createSessions<Untyped>({ store, keys: newKey() });
    return new Browser(sessions as ConstructorParameters<typeof Browser>[0]);
  },
};

describe.each(Object.keys(KINDS))("a CSRF token of a session %s [ASVS 3.5.1]", (kind) => {
  const visitor = (): Browser => (KINDS[kind] ?? expect.unreachable())();

  it("is taken from its own session, as often as one likes, and begins one for a stranger", async () => {
    const browser = visitor();
    expect(browser.token).toBeUndefined();
    const answer = await browser.visit((session) => csrfToken(session));
    expect(answer.cookies).toHaveLength(1);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const token = String(answer.json);
    expect(token).toMatch(/^[\w-]{64}$/);
    expect(await sent(browser, token)).toBe("taken");
    await browser.visit((session) => session.set("n", 1));
    expect(await sent(browser, token)).toBe("taken");
    expect(await sent(browser, undefined, { "x-csrf-token": token })).toBe("taken");
  });

  it("makes its page one that no cache keeps, for a session of long ago too", async () => {
    const browser = visitor();
    await browser.visit((session) => session.set("n", 1));
    const answer = await browser.visit((session) => csrfField(session));
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.json).toMatch(/^<input type="hidden" name="_csrf" value="[\w-]{64}">$/);
    const meta = await browser.visit((session) => csrfMeta(session));
    expect(meta.json).toMatch(/^<meta name="csrf-token" content="[\w-]{64}">$/);
  });

  it("is another one on each page, with no piece in common (BREACH)", async () => {
    const browser = visitor();
    const tokens = [];
    for (let pages = 0; pages < 20; pages += 1) tokens.push(await tokenOf(browser));
    for (const token of tokens) expect(await sent(browser, token)).toBe("taken");
    const pieces = tokens.flatMap((token) => token.match(/.{8}/g) ?? []);
    expect(new Set(pieces).size).toBe(pieces.length);
  });

  it.each<[string, (browser: Browser) => Promise<unknown>]>([
    ["a sign-in", (browser) => browser.visit((session) => session.signIn("ada"))],
    ["a new token", (browser) => browser.visit((session) => session.regenerate())],
    ["the end", (browser) => browser.visit((session) => session.destroy())],
  ])("is dead after %s", async (_, change) => {
    const browser = visitor();
    const token = await tokenOf(browser);
    await change(browser);
    expect(await sent(browser, token)).toBe("refused");
    await browser.visit((session) => session.signIn("ada"));
    const next = await tokenOf(browser);
    await browser.visit((session) => session.signOut());
    await browser.visit((session) => session.set("n", 1));
    expect(await sent(browser, next)).toBe("refused");
  });

  it("is nobody else's, and none that was changed, missing or no text [NIST 5.1 csrf]", async () => {
    const browser = visitor();
    const token = await tokenOf(browser);
    const stranger = visitor();
    const foreign = await tokenOf(stranger);
    expect(await sent(browser, foreign)).toBe("refused");
    expect(await sent(stranger, token)).toBe("refused");
    expect(await sent(visitor(), token)).toBe("refused");
    for (let at = 0; at < token.length; at += 1) {
      const letter = token[at] === "A" ? "B" : "A";
      const changed = token.slice(0, at) + letter + token.slice(at + 1);
      expect(await sent(browser, changed)).toBe("refused");
    }
    for (const value of ["", null, undefined, 7, [token], { token }, `${token} `, `${token}A`]) {
      expect(await sent(browser, value)).toBe("refused");
    }
    expect(await sent(browser, "", { "x-csrf-token": token })).toBe("refused");
  });
});

describe("a CSRF token", () => {
  it("is kept nowhere, and needs nothing of the store for who has a session", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit((session) => session.set("n", 1));
    const calls = world.switch.calls.length;
    const token = await tokenOf(browser);
    await sent(browser, token);
    expect(world.switch.calls.slice(calls)).toEqual(["load", "load"]);
    expect(JSON.stringify(world.heard)).not.toContain(token.slice(0, 22));
  });

  it("of one manager is not another's", async () => {
    const world = new World();
    const browser = world.browser();
    const token = await tokenOf(browser);
    const other = new World({ name: "admin" });
    const admin = other.browser();
    await admin.visit((session) => session.set("n", 1));
    expect(await sent(admin, token)).toBe("refused");
  });

  it("of a sign-in in the same request is that of the new session", async () => {
    const browser = new World().browser();
    await browser.visit((session) => session.set("n", 1));
    const answer = await browser.visit(async (session) => {
      const signingIn = session.signIn("ada");
      const token = await csrfToken(session);
      await signingIn;
      return token;
    });
    expect(await sent(browser, answer.json)).toBe("taken");
  });

  it("stores what was gathered before with the session that it begins", async () => {
    const browser = new World().browser();
    const token = await browser.visit((session) => {
      session.set("theme", "dark");
      return csrfToken(session);
    });
    expect(await sent(browser, token.json)).toBe("taken");
    expect((await browser.visit((session) => session.get("theme"))).json).toBe("dark");
  });

  it("begins no session in a prefetch, and is given to who has one", async () => {
    const world = new World();
    const browser = world.browser();
    const headers = { "sec-purpose": "prefetch" };
    expect((await browser.visit((session) => csrfToken(session), { headers })).status).toBe(503);
    expect(world.switch.calls).toEqual([]);
    await browser.visit((session) => session.set("n", 1));
    expect((await browser.visit((session) => csrfToken(session), { headers })).status).toBe(200);
  });

  it("that is missing is told with a 403 of the same error, and to nobody's log", async () => {
    const errors: unknown[] = [];
    const world = new World({ onError: (error: unknown) => errors.push(error) });
    const browser = world.browser();
    await browser.visit((session) => session.set("n", 1));
    world.heard.length = 0;
    let caught: unknown;
    await browser.visit((session) => {
      try {
        requireCsrfToken(session, "x".repeat(64));
      } catch (error) {
        caught = error;
      }
    }, POST);
    expect(caught).toBeInstanceOf(CrossSiteError);
    expect(caught).toMatchObject({ status: 403, reason: "token", code: "ERR_SESSION_CROSS_SITE" });
    expect(world.heard).toMatchObject([{ name: "refused", reason: "token", method: "POST" }]);
    expect(await sent(browser, "no")).toBe("refused");
    expect(errors).toEqual([]);
  });

  it("is for sessions alone", async () => {
    await expect(csrfToken({})).rejects.toThrow("csrfToken(session)");
    expect(() => requireCsrfToken({})).toThrow("requireCsrfToken(session)");
    const sessions = createSessions({ store: memoryStore() });
    await expect(csrfToken(sessions)).rejects.toThrow("csrfToken(session)");
  });
});
