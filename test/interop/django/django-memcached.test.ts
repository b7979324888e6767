import { afterAll, beforeAll, describe } from "vitest";
import { describeDjangoLaws } from "../support/django-laws.ts";
import { DjangoWorld } from "../support/django-world.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
let cache: string;
beforeAll(async () => {
  cache = `127.0.0.1:${(await servers.get("memcached")).port}`;
});
afterAll(() => servers.stop());

describe("Django's cache on Memcached", () =>
  describeDjangoLaws({
    start: () =>
      DjangoWorld.start("Django's cache on Memcached", servers, () => ({
        engine: "cache",
        cache,
      })),
    isCarried: false,
  }));

describe("Django's cached_db with Memcached", () =>
  describeDjangoLaws({
    start: () =>
      DjangoWorld.start("Django's cached_db with Memcached", servers, ({ folder }) => ({
        engine: "cached_db",
        cache,
        database: `${folder}/site.sqlite`,
      })),
    isCarried: false,
  }));
