import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Browser } from "../../laws/support/browser.ts";
import { DjangoWorld, shown } from "../support/django-world.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
let redis: Redis;
let world: DjangoWorld;
let browser: Browser;
beforeAll(async () => {
  redis = new Redis((await servers.get("redis")).port);
  redis.on("error", () => undefined);
  world = await DjangoWorld.start("Django's cached_db with Redis", servers, ({ folder }) => ({
    engine: "cached_db",
    cache: redis,
    database: `${folder}/site.sqlite`,
  }));
});
afterAll(async () => {
  redis?.disconnect();
  await world?.site.stop();
  await servers.stop();
});
beforeEach(async () => {
  browser = world.browser(world.open());
  await world.site.login(browser.jar, "ada");
  await world.site.change(browser.jar, { n: 1 });
});

const cached = (): string =>
  `:1:django.contrib.sessions.cached_db${String(browser.jar.get("sessionid"))}`;

it("what Django has in its cache goes with each write here", async () => {
  expect(await redis.exists(cached())).toBe(1);
  await browser.visit((session) => session.set("n", 2));
  expect(await redis.exists(cached())).toBe(0);
  expect(await world.site.show(browser.jar)).toMatchObject({ values: { n: 2 } });
  expect(await redis.exists(cached())).toBe(1);
});

it("a copy in the cache that is older than the row is not believed here", async () => {
  const old = await redis.getBuffer(cached());
  await browser.visit((session) => session.set("n", 2));
  await redis.set(cached(), old as Buffer);
  expect((await browser.visit(shown)).json).toMatchObject({ values: { n: 2 } });
});

it("a sign-out here leaves Django nothing to open", async () => {
  const jar = new Map(browser.jar);
  const name = cached();
  await browser.visit((session) => session.signOut());
  expect(await redis.exists(name)).toBe(0);
  expect(await world.site.show(jar)).toEqual({ user: null, values: {} });
});

it("many writes here at once, with Django's reads between, leave both sides with the last", async () => {
  const many = Array.from({ length: 12 }, async (_, n) => {
    await browser.copy().visit((session) => session.update("n", (count) => count + 1));
    if (n % 3 === 0) await world.site.show(new Map(browser.jar));
  });
  await Promise.all(many);
  expect((await browser.visit(shown)).json).toMatchObject({ values: { n: 13 } });
});
