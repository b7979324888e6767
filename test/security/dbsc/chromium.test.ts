import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MINUTE } from "../../laws/support/clock.ts";
import { Profile } from "./support/chromium.ts";
import { BOUND } from "./support/device.ts";
import { Shop } from "./support/shop.ts";
import { type Certificate, newCertificate } from "./support/site.ts";

let certificate: Certificate;
let profile: Profile;
let page: Page;
let shop: Shop;
let host: string;
let sites = 0;

beforeAll(async () => {
  certificate = newCertificate();
  profile = await Profile.open(certificate.spki);
});

afterAll(() => profile?.close());

beforeEach(async () => {
  shop = await Shop.open(certificate);
  // Chromium counts what it signs by site: a few in nine minutes.
  sites += 1;
  host = `www.shop-${sites}.test`;
  page = await profile.context.newPage();
});

afterEach(async () => {
  await page.close();
  shop.close();
});

const url = (path: string): string => shop.site.url(path, host);
const text = (of: Page = page): Promise<string | null> => of.textContent("body");

async function shows(path: string, who: string): Promise<void> {
  await page.goto(url(path));
  await page.getByText(who, { exact: true }).waitFor();
}

/** Signed in, bound, and past the grace. */
async function bound(): Promise<void> {
  await page.goto(url("/in"));
  await expect.poll(() => cookieNames()).toContain(BOUND);
  await shows("/page", "ada");
  shop.move(2 * MINUTE);
}

async function cookieNames(): Promise<string[]> {
  return (await profile.context.cookies(url("/"))).map(({ name }) => name);
}

/** The bound cookie's time is over. */
const forget = (): Promise<void> => profile.forget(BOUND, url("/"));

describe("in Chromium, a bound session", () => {
  it("is bound a moment after the sign-in, and refreshed before what needs it", async () => {
    await bound();
    await forget();
    await shows("/page", "ada");
    expect(shop.refreshes).toEqual([200]);
    expect(await cookieNames()).toContain(BOUND);
    expect(shop.alarms).toEqual([]);
  });

  it("goes on after a link from another site, which the browser does not refresh for", async () => {
    await bound();
    const { site } = shop;
    shop.show("/elsewhere", `<a href="${url("/page?of=the-link")}">To the shop</a>`);
    await forget();
    await page.goto(site.url("/elsewhere", "elsewhere.test"));
    site.came.length = 0;
    await page.click("a");
    await page.getByText("ada", { exact: true }).waitFor();
    expect(page.url()).toBe(url("/page?of=the-link"));
    const pages = site
      .of("/page")
      .map(({ status, headers }) => [
        status,
        headers["sec-fetch-site"],
        headers["secure-session-skipped"],
      ]);
    expect(pages).toEqual([
      [403, "cross-site", undefined],
      [200, "same-origin", undefined],
    ]);
    expect(shop.alarms).toEqual([]);
  });

  it("goes on after several such links, each in a tab of its own", async () => {
    await bound();
    await forget();
    const tabs = ["a", "b", "c"].map((name) => url(`/page?tab=${name}`));
    shop.show("/elsewhere", tabs.map((to) => `<a target="_blank" href="${to}">${to}</a>`).join(""));
    await page.goto(shop.site.url("/elsewhere", "elsewhere.test"));
    const opened: Page[] = [];
    profile.context.on("page", (tab) => void opened.push(tab));
    for (const to of tabs) await page.click(`a[href="${to}"]`);
    await expect.poll(() => opened.length).toBe(3);
    for (const tab of opened) {
      await tab.getByText("ada", { exact: true }).waitFor();
      await tab.close();
    }
    expect(shop.alarms).toEqual([]);
  });

  it("is refreshed once for many fetches at once, in two tabs", async () => {
    await bound();
    const other = await profile.context.newPage();
    await other.goto(url("/page"));
    await forget();
    const fetchAll = (tab: Page): Promise<string[]> =>
      tab.evaluate(async () => {
        const answers = Array.from({ length: 6 }, (_, at) => fetch(`/page?at=${at}`));
        return Promise.all(answers.map(async (answer) => (await (await answer).text()).slice(-3)));
      });
    const texts = await Promise.all([fetchAll(page), fetchAll(other)]);
    expect(texts.flat()).toEqual(Array.from({ length: 12 }, () => "ada"));
    expect(shop.refreshes).toEqual([200]);
    expect(shop.alarms).toEqual([]);
    await other.close();
  });

  it("loses no post", async () => {
    await bound();
    await forget();
    const status = await page.evaluate(
      async () => (await fetch("/page", { method: "POST" })).status,
    );
    expect(status).toBe(200);
    expect(shop.alarms).toEqual([]);
  });

  it("goes on when its user goes back and forth", async () => {
    await bound();
    await shows("/page?two", "ada");
    await forget();
    await page.evaluate("void setTimeout(() => history.back())");
    await page.getByText("ada", { exact: true }).waitFor();
    await forget();
    await page.evaluate("void setTimeout(() => history.forward())");
    await page.getByText("ada", { exact: true }).waitFor();
    await page.reload();
    expect(await text()).toBe("ada");
    expect(shop.alarms).toEqual([]);
  });

  it.each(["prefetch", "prerender"])("goes on after a %s", async (what) => {
    await bound();
    const rules = { [what]: [{ source: "list", urls: ["/page?ahead"], eagerness: "immediate" }] };
    shop.show(
      "/ahead",
      `<script type="speculationrules">${JSON.stringify(rules)}</script><a href="/page?ahead">On</a>`,
    );
    await page.goto(url("/ahead"));
    await forget();
    await page.goto(url("/ahead"));
    await expect.poll(() => shop.site.came.some(({ path }) => path === "/page?ahead")).toBe(true);
    await page.click("a");
    await page.getByText("ada", { exact: true }).waitFor();
    expect(shop.alarms).toEqual([]);
  });

  it("goes on after the server was not to be reached", async () => {
    await bound();
    await forget();
    shop.refreshing = (req) => req.socket.destroy();
    await page.goto(url("/page"));
    expect(await text()).toContain("Service unavailable");
    const { headers, status } = shop.site.of("/page").at(-1) ?? expect.unreachable();
    expect([status, headers["secure-session-skipped"]]).toEqual([
      503,
      expect.stringContaining("unreachable"),
    ]);
    shop.refreshing = undefined;
    await expect
      .poll(async () => (await page.goto(url("/page")))?.status(), {
        timeout: 50_000,
        interval: 500,
      })
      .toBe(200);
    expect(await text()).toBe("ada");
    expect(shop.alarms).toEqual([]);
  });

  it.each([-60, 60])("goes on where the clocks come to differ by %i minutes", async (minutes) => {
    await bound();
    shop.move(minutes * MINUTE);
    if (minutes > 0) await keptAlive();
    await shows("/page", "ada");
    await shows("/page", "ada");
    expect(shop.alarms).toEqual([]);
  });

  it("is signed out for good: the browser gives its key up, and nothing comes back", async () => {
    await bound();
    await shows("/out", "nobody");
    await shows("/page", "nobody");
    await expect
      .poll(() =>
        profile.events.some(
          (event) => event.terminationEventDetails?.deletionReason === "ServerRequested",
        ),
      )
      .toBe(true);
    expect(await cookieNames()).not.toContain(BOUND);
    await shows("/in", "ada");
    await expect.poll(() => cookieNames()).toContain(BOUND);
    await shows("/page", "ada");
  });

  it("is another's after another sign-in, and only that is refreshed from then on", async () => {
    await bound();
    await bound();
    await forget();
    await shows("/page", "ada");
    await forget();
    shop.site.came.length = 0;
    await shows("/page", "ada");
    expect(shop.refreshes).toEqual([200]);
    expect(shop.alarms).toEqual([]);
  });

  it("outlives the browser", async () => {
    const own = await Profile.open(certificate.spki);
    await own.page.goto(url("/in"));
    await expect
      .poll(async () => (await own.context.cookies(url("/"))).map(({ name }) => name))
      .toContain(BOUND);
    await own.page.goto(url("/page"));
    shop.move(2 * MINUTE);
    const session = await own.context.cookies(url("/"));
    // Time to write it down.
    await own.page.waitForTimeout(3_000);
    await own.restart(certificate.spki);
    await own.context.addCookies(session);
    await own.forget(BOUND, url("/"));
    await own.page.goto(url("/page"));
    expect(await text(own.page)).toBe("ada");
    expect(shop.refreshes.at(-1)).toBe(200);
    await own.close();
  });
});

/** An hour passes for the server alone: the idle clock is not what is tested. */
async function keptAlive(): Promise<void> {
  shop.move(-45 * MINUTE);
}

describe("in another browser, a copied cookie", () => {
  it("is refused without the bound one, and a session with all of them within ten minutes", async () => {
    await bound();
    const cookies = await profile.context.cookies(url("/"));
    const thief = await Profile.open(certificate.spki);
    try {
      await thief.context.addCookies(cookies.filter(({ name }) => name !== BOUND));
      await thief.page.goto(url("/page"));
      await thief.page.getByText("nobody", { exact: true }).waitFor();
      await thief.context.addCookies(cookies);
      await thief.page.goto(url("/page"));
      expect(await text(thief.page)).toBe("ada");
      shop.move(11 * MINUTE);
      await thief.page.goto(url("/page"));
      await thief.page.getByText("nobody", { exact: true }).waitFor();
      expect(shop.alarms.filter(({ name }) => name === "proofMissing")).toHaveLength(2);
      expect(shop.alarms.filter(({ name }) => name === "revoked")).toEqual([]);
      await shows("/page", "ada");
    } finally {
      await thief.close();
    }
  });
});
