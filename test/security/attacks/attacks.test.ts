import type { BrowserContext, Cookie, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { add, cartLines, end, isSignedIn, register, signIn } from "../../demo/browser.ts";
import { BARE_COOKIE } from "./bare-shop.ts";
import { type AttackSites, openAttackSites } from "./sites.ts";

const SHOP_COOKIE = "__Host-Http-session";
/** More than Chromium keeps for one domain. */
const FLOOD = 400;

let sites: AttackSites;
let victim: BrowserContext;
let page: Page;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  sites = await openAttackSites();
});
afterAll(() => sites?.close());

beforeEach(async () => {
  victim = await someone(sites.secure.shop);
  page = await victim.newPage();
});

afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
});

/** Somebody with a browser of their own, who is at home at an origin. */
async function someone(baseURL: string, cookies: readonly Cookie[] = []): Promise<BrowserContext> {
  const context = await sites.browser.newContext({ baseURL });
  await context.addCookies(cookies);
  contexts.push(context);
  return context;
}

async function cookieOf(context: BrowserContext, name: string): Promise<Cookie> {
  const cookies = await context.cookies();
  return cookies.find((each) => each.name === name) ?? expect.unreachable(`no cookie ${name}`);
}

/** Who the shop without a defence takes the page for. */
async function bareUser(on: Page, path = "/who"): Promise<string | null> {
  await on.goto(`${sites.secure.bare}${path}`);
  return on.textContent("#user");
}

async function signInBare(on: Page, user: string): Promise<void> {
  await on.goto(`${sites.secure.bare}/sign-in?user=${user}`);
}

/** An attacker's session at each shop, nobody's yet, with something in it. */
async function attackersCookie(origin: string, name: string): Promise<Cookie> {
  const context = await someone(origin);
  const attacker = await context.newPage();
  if (origin === sites.secure.shop) await add(attacker, "mug");
  else await attacker.goto("/who");
  return cookieOf(context, name);
}

describe("fixation: a cookie that is planted before the sign-in", () => {
  it("is worth nothing after it, in whatever way it was forced in [WSTG-SESS-03] [ASVS 7.2.4]", async () => {
    const planted = await attackersCookie(sites.secure.shop, SHOP_COOKIE);
    await victim.addCookies([planted]);
    await page.goto("/");
    await register(page);
    expect(await isSignedIn(page)).toBe(true);
    expect((await cookieOf(victim, SHOP_COOKIE)).value).not.toBe(planted.value);
    const attacker = await (await someone(sites.secure.shop, [planted])).newPage();
    expect(await isSignedIn(attacker)).toBe(false);
  });

  it("gives whoever planted it the account, where the token stays", async () => {
    const planted = await attackersCookie(sites.secure.bare, BARE_COOKIE);
    await victim.addCookies([planted]);
    await signInBare(page, "ada");
    const attacker = await (await someone(sites.secure.bare, [planted])).newPage();
    expect(await bareUser(attacker)).toBe("ada");
  });

  it("is not adopted, where it is no session at all [WSTG-SESS-03]", async () => {
    const made = {
      ...(await attackersCookie(sites.secure.shop, SHOP_COOKIE)),
      value: "A".repeat(43),
    };
    await victim.addCookies([made]);
    await add(page, "mug");
    expect((await cookieOf(victim, SHOP_COOKIE)).value).not.toBe(made.value);
  });
});

describe("tossing: a host beside the shop's", () => {
  const toss = async (origin: string, name: string, value: string): Promise<void> => {
    const domain = new URL(origin).hostname;
    const pair = `${name}=${value}`;
    const lines = [
      `${pair}; Domain=${domain}; Path=/account; Secure`,
      `${pair}; Domain=${domain}; Path=/; Secure`,
      `${pair}; Domain=${domain}; Path=/; Secure; HttpOnly; Max-Age=1000000`,
      `${pair}; Path=/; Secure; HttpOnly`,
      // Without the prefix, and under a name that reads like it to who trims too much.
      `${name.replace("__Host-Http-", "")}=${value}; Domain=${domain}; Path=/; Secure`,
      `\u00a0${pair}; Domain=${domain}; Path=/; Secure`,
    ];
    const query = lines.map((line) => `line=${encodeURIComponent(line)}`).join("&");
    await page.goto(`${sites.siblingOf(origin)}/?${query}`);
  };

  it("puts nobody into the attacker's session, before the sign-in or after it [WSTG-SESS-03]", async () => {
    const { value } = await attackersCookie(sites.secure.shop, SHOP_COOKIE);
    await toss(sites.secure.shop, SHOP_COOKIE, value);
    expect(await cartLines(page)).toEqual([]);
    await register(page);
    await toss(sites.secure.shop, SHOP_COOKIE, value);
    await page.goto("/account");
    expect(new URL(page.url()).pathname).toBe("/account");
    expect(await isSignedIn(page)).toBe(true);
    expect(await cartLines(page)).toEqual([]);
  });

  it("puts the victim into the attacker's session, where the name has no prefix", async () => {
    const attacker = await someone(sites.secure.bare);
    await signInBare(await attacker.newPage(), "mallory");
    const { value } = await cookieOf(attacker, BARE_COOKIE);
    await signInBare(page, "ada");
    await toss(sites.secure.bare, BARE_COOKIE, value);
    expect(await bareUser(page, "/account/who")).toBe("mallory");
  });
});

describe("a script on the page (XSS)", () => {
  /** Fills the jar until everything else has gone, and puts a cookie in the place of another. */
  const evictAndPlant = async (name: string, value: string): Promise<void> => {
    const script = `((name, value) => {
      for (let n = 0; n < ${FLOOD}; n += 1) document.cookie = "flood" + n + "=x; Path=/; Secure";
      for (let n = 0; n < ${FLOOD}; n += 1) document.cookie = "flood" + n + "=; Path=/; Max-Age=0; Secure";
      document.cookie = name + "=" + value + "; Path=/; Secure";
      document.cookie = name + "=" + value + "; Path=/account; Secure";
    })(${JSON.stringify(name)}, ${JSON.stringify(value)})`;
    await page.evaluate(script);
  };

  it("does not read the session's cookie [WSTG-SESS-02] [ASVS 3.3.4]", async () => {
    await page.goto("/");
    await register(page);
    await page.evaluate("document.cookie = 'seen=by-script; Path=/'");
    const seen = String(await page.evaluate("document.cookie"));
    expect(seen).toContain("by-script");
    expect(seen).not.toContain((await cookieOf(victim, SHOP_COOKIE)).value);
  });

  it("reads the cookie of a shop that does not forbid it", async () => {
    await signInBare(page, "ada");
    const { value } = await cookieOf(victim, BARE_COOKIE);
    expect(String(await page.evaluate("document.cookie"))).toContain(value);
  });

  it("puts no other session in its place, though it floods the jar [WSTG-SESS-03] [ASVS 3.3.3]", async () => {
    const { value } = await attackersCookie(sites.secure.shop, SHOP_COOKIE);
    await page.goto("/");
    await register(page);
    const before = await cookieOf(victim, SHOP_COOKIE);
    await evictAndPlant(SHOP_COOKIE, value);
    // The victim may be signed out by it, and is nobody else.
    const after = (await victim.cookies()).filter(({ name }) => name === SHOP_COOKIE);
    expect(after.map((each) => each.value)).not.toContain(value);
    expect(after.every((each) => each.value === before.value)).toBe(true);
    expect(await cartLines(page)).toEqual([]);
  });

  it("puts the attacker's session in its place, where the name has no prefix", async () => {
    const attacker = await someone(sites.secure.bare);
    await signInBare(await attacker.newPage(), "mallory");
    const { value } = await cookieOf(attacker, BARE_COOKIE);
    await signInBare(page, "ada");
    // Which cookies go first is the browser's affair: an attacker tries again.
    const attempt = async (): Promise<unknown> => {
      await evictAndPlant(BARE_COOKIE, value);
      return bareUser(page);
    };
    await expect.poll(attempt, { timeout: 20_000 }).toBe("mallory");
  });
});

describe("after a sign-out", () => {
  const signOut = async (): Promise<void> => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are signed out").waitFor();
  };

  /** A page that the browser has kept is not loaded once more. */
  const goBack = async (): Promise<void> => {
    await page.goBack({ waitUntil: "commit" });
    await expect.poll(() => page.evaluate("document.readyState")).toBe("complete");
  };

  it("the old cookie leads nowhere, in no browser [WSTG-SESS-06] [ASVS 7.4.1]", async () => {
    await page.goto("/");
    await register(page);
    const stolen = await cookieOf(victim, SHOP_COOKIE);
    const thief = await (await someone(sites.secure.shop, [stolen])).newPage();
    expect(await isSignedIn(thief)).toBe(true);
    await page.goto("/");
    await signOut();
    expect(await isSignedIn(thief)).toBe(false);
    const again = await (await someone(sites.secure.shop, [stolen])).newPage();
    expect(await isSignedIn(again)).toBe(false);
  });

  it("the old cookie goes on, where the browser alone has forgotten it", async () => {
    await signInBare(page, "ada");
    const stolen = await cookieOf(victim, BARE_COOKIE);
    await page.goto(`${sites.secure.bare}/sign-out`);
    const thief = await (await someone(sites.secure.bare, [stolen])).newPage();
    expect(await bareUser(thief)).toBe("ada");
  });

  it("the back button shows no page of before [WSTG-SESS-06] [ASVS 14.3.2]", async () => {
    await page.goto("/");
    const email = await register(page);
    await page.goto("/account");
    const shown = await page.content();
    await page.goto("/");
    await signOut();
    expect(shown).toContain("Sign out");
    const seen: string[] = [];
    for (let steps = 0; steps < 3; steps += 1) {
      await goBack();
      seen.push(new URL(page.url()).pathname);
      expect(await page.getByRole("button", { name: "Sign out" }).count()).toBe(0);
    }
    // The account was on the way, and asks who it is now.
    expect(seen).toContain("/sign-in");
    await signIn(page, email);
  });

  it("the back button shows the page of before, where browsers may keep it", async () => {
    await signInBare(page, "ada");
    expect(await bareUser(page)).toBe("ada");
    await page.goto(`${sites.secure.bare}/sign-out`);
    await goBack();
    expect(await page.textContent("#user")).toBe("ada");
  });
});

describe("a whole profile that was copied, as malware does it", () => {
  const copied = async (): Promise<Page> => {
    const storageState = await victim.storageState();
    const context = await sites.browser.newContext({ baseURL: sites.secure.shop, storageState });
    contexts.push(context);
    return context.newPage();
  };

  // Without a binding to the device the copy is as good as the cookie: what is left is that it ends.
  it.each([
    [
      "the sign-out of either",
      async () => {
        await page.goto("/");
        await page.getByRole("button", { name: "Sign out" }).click();
      },
    ],
    [
      "signing out everywhere, from a third device",
      async (email: string) => {
        const third = await (await someone(sites.secure.shop)).newPage();
        await signIn(third, email);
        await third.goto("/account");
        await end(third, "Sign out everywhere");
        await third.getByRole("button", { name: "Sign out" }).waitFor({ state: "detached" });
      },
    ],
  ] as const)("ends with %s [WSTG-SESS-09] [ASVS 7.4.1]", async (_, endBy) => {
    await page.goto("/");
    const email = await register(page);
    const thief = await copied();
    expect(await isSignedIn(thief)).toBe(true);
    await endBy(email);
    await expect.poll(() => isSignedIn(thief)).toBe(false);
    expect(await isSignedIn(page)).toBe(false);
  });
});

const NEIGHBOURS = [
  ["a port beside it", "localhost"],
  ["another site", "127.0.0.1"],
] as const;

describe.each(NEIGHBOURS)("a page of %s", (_, host) => {
  const foreign = (): string => `http://${host}:${sites.local.foreignPort}/`;

  /** What any page may have a browser send: a form, an image, a request whose answer nobody reads. */
  const sendEverything = async (target: string): Promise<void> => {
    const script = `(async (target) => {
      await new Promise((done) => {
        const image = new Image();
        image.onload = image.onerror = done;
        image.src = target;
        document.body.append(image);
      });
      await fetch(target, { method: "POST", mode: "no-cors", credentials: "include" }).catch(() => 0);
      const frame = document.createElement("iframe");
      // A frame of its own each time: one that is still on its way to somewhere takes no form.
      frame.name = crypto.randomUUID();
      document.body.append(frame);
      const form = document.createElement("form");
      Object.assign(form, { method: "post", action: target, target: frame.name });
      document.body.append(form);
      form.submit();
    })(${JSON.stringify(target)})`;
    const answered = page.waitForResponse(
      (response) => response.url() === target && response.request().isNavigationRequest(),
    );
    await page.evaluate(script);
    await answered;
  };

  it("signs nobody out, and puts nothing into a cart [WSTG-SESS-05] [ASVS 3.5.1]", async () => {
    victim = await someone(sites.local.shop);
    page = await victim.newPage();
    await page.goto("/");
    await register(page);
    await page.goto(foreign());
    await sendEverything(`${sites.local.shop}/sign-out`);
    await sendEverything(`${sites.local.shop}/cart/mug`);
    expect(await isSignedIn(page)).toBe(true);
    expect(await cartLines(page)).toEqual([]);
  });

  it.runIf(host === "localhost")(
    "changes what it likes, where nothing asks whose page it is",
    async () => {
      await page.goto(`${sites.local.bare}/sign-in?user=ada`);
      await page.goto(foreign());
      await sendEverything(`${sites.local.bare}/change`);
      await page.goto(`${sites.local.bare}/who`);
      // Image, request and form.
      expect(await page.textContent("#n")).toBe("3");
    },
  );
});
