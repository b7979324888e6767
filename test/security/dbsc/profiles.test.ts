import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { MINUTE } from "../../laws/support/clock.ts";
import { Random } from "../../support/random.ts";
import { Profile } from "./support/chromium.ts";
import { BOUND } from "./support/device.ts";
import { Shop } from "./support/shop.ts";
import { type Certificate, newCertificate } from "./support/site.ts";

// A few here. By hand: DBSC_PROFILES=50 vitest run test/security/dbsc/profiles.test.ts --testTimeout=3600000
const PROFILES = Number(process.env["DBSC_PROFILES"] ?? 2);
const STEPS = 14;
/** Chromium signs six times in nine minutes, the registration among them. */
const REFRESHES = 5;

/** A visitor with a browser of their own, for whom everything is as it happens to be. */
class Visitor {
  readonly profile: Profile;
  readonly shop: Shop;
  readonly #random: Random;
  readonly #isFirst: () => boolean;
  pages = 0;

  constructor(profile: Profile, shop: Shop, random: Random) {
    this.profile = profile;
    this.shop = shop;
    this.#random = random;
    this.#isFirst = () => random.chance(0.5);
  }

  async signIn(): Promise<void> {
    await this.page.goto(this.url("/in"));
    await expect
      .poll(async () => (await this.profile.context.cookies()).map(({ name }) => name))
      .toContain(BOUND);
    await this.seen(this.page);
    this.shop.move(2 * MINUTE);
  }

  async step(): Promise<void> {
    const steps = [this.goes, this.follows, this.comesBack, this.fetches, this.posts, this.opens];
    await this.#random.pick(steps).call(this);
  }

  get page(): Page {
    return this.profile.page;
  }

  url(path: string): string {
    return this.shop.site.url(path);
  }

  async goes(): Promise<void> {
    await this.page.goto(this.url(`/page?at=${this.pages}`));
    await this.seen(this.page);
  }

  async follows(): Promise<void> {
    this.shop.show("/elsewhere", `<a href="${this.url(`/page?at=${this.pages}`)}">On</a>`);
    await this.page.goto(this.shop.site.url("/elsewhere", "elsewhere.test"));
    await this.page.click("a");
    await this.seen(this.page);
  }

  async comesBack(): Promise<void> {
    await this.page.goto("about:blank");
    await this.page.evaluate("void setTimeout(() => history.back())");
    await this.seen(this.page);
  }

  async fetches(): Promise<void> {
    await this.goesWhereItMayFetch();
    const count = 2 + this.#random.below(6);
    const all = `Promise.all(Array.from({ length: ${count} }, async (_, at) => (await (await fetch("/page?fetched=" + at)).text()).slice(-3)))`;
    const texts = await this.page.evaluate(all);
    expect(texts).toEqual(Array.from({ length: count }, () => "ada"));
  }

  async posts(): Promise<void> {
    await this.goesWhereItMayFetch();
    const post = 'fetch("/page", { method: "POST" }).then(({ status }) => status)';
    expect(await this.page.evaluate(post)).toBe(200);
  }

  async opens(): Promise<void> {
    const tabs = await Promise.all([1, 2].map(() => this.profile.context.newPage()));
    await Promise.all(tabs.map((tab) => tab.goto(this.url(`/page?at=${this.pages}`))));
    for (const tab of tabs) {
      await this.seen(tab);
      await tab.close();
    }
  }

  /** The page is there already, or comes first. */
  async goesWhereItMayFetch(): Promise<void> {
    const isThere = this.page.url().startsWith(this.url("/page"));
    if (!isThere || this.#isFirst()) await this.goes();
  }

  async seen(page: Page): Promise<void> {
    this.pages += 1;
    await page.getByText("ada", { exact: true }).waitFor();
  }
}

async function journey(certificate: Certificate, seed: number): Promise<Visitor> {
  const random = new Random(seed);
  const shop = await Shop.open(certificate);
  const profile = await Profile.open(certificate.spki);
  try {
    const visitor = new Visitor(profile, shop, random);
    await visitor.signIn();
    let forgotten = 0;
    for (let steps = 0; steps < STEPS; steps += 1) {
      if (forgotten < REFRESHES && random.chance(0.4)) {
        forgotten += 1;
        await profile.forget(BOUND, visitor.url("/"));
      }
      await visitor.step();
    }
    return visitor;
  } finally {
    await profile.close();
    shop.close();
  }
}

it(`signs nobody out who came by a fresh profile, of ${PROFILES}`, async () => {
  const certificate = newCertificate();
  let [pages, refreshes, asked, signedOut] = [0, 0, 0, 0];
  for (let seed = 1; seed <= PROFILES; seed += 1) {
    const { shop, pages: seen } = await journey(certificate, seed);
    pages += seen;
    refreshes += shop.refreshes.length;
    asked += shop.site.of("/page").filter(({ status }) => status === 403).length;
    signedOut += shop.alarms.length;
    expect(shop.alarms, `profile ${seed}`).toEqual([]);
  }
  expect(signedOut).toBe(0);
  expect(refreshes).toBeGreaterThan(0);
  console.info(
    `${PROFILES} profiles: ${pages} pages, ${refreshes} refreshes, ${asked} pages asked for again, ` +
      `${signedOut} signed out.`,
  );
});
