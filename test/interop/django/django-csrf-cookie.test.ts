import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Browser } from "../../laws/support/browser.ts";
import { DjangoWorld } from "../support/django-world.ts";
import { SiteServers } from "../support/site-servers.ts";

let world: DjangoWorld;
let browser: Browser;
let token: string;
beforeAll(async () => {
  const name = "Django with its token in a cookie";
  world = await DjangoWorld.start(name, new SiteServers(), ({ folder }) => ({
    database: `${folder}/site.sqlite`,
  }));
});
afterAll(() => world?.site.stop());
beforeEach(async () => {
  browser = world.browser(world.open());
  token = (await world.site.csrf(browser.jar)).token;
});

const post = async (): Promise<number> =>
  (await world.site.fetch(browser.jar, "/csrf", {}, { "X-CSRFToken": token })).status;

it("Django's cookie against forged requests outlives a sign-in here", async () => {
  const before = browser.jar.get("csrftoken");
  await browser.visit((session) => session.signIn("1"));
  expect(browser.jar.get("csrftoken")).toBe(before);
  expect(await post()).toBe(200);
});

it("Django's own login renews it", async () => {
  await world.site.login(browser.jar, "ada");
  expect(await post()).toBe(403);
});
