import { Redis } from "ioredis";
import { afterAll, beforeAll, describe } from "vitest";
import { describeDjangoLaws } from "../support/django-laws.ts";
import { DjangoWorld } from "../support/django-world.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
let redis: Redis;
beforeAll(async () => {
  redis = new Redis((await servers.get("redis")).port);
  redis.on("error", () => undefined);
});
afterAll(async () => {
  redis?.disconnect();
  await servers.stop();
});

describe("Django's cache on Redis", () =>
  describeDjangoLaws({
    start: () =>
      DjangoWorld.start("Django's cache on Redis", servers, () => ({
        engine: "cache",
        cache: redis,
      })),
    isCarried: false,
  }));

describe("Django's cached_db with Redis", () =>
  describeDjangoLaws({
    start: () =>
      DjangoWorld.start("Django's cached_db with Redis", servers, ({ folder }) => ({
        engine: "cached_db",
        cache: redis,
        database: `${folder}/site.sqlite`,
      })),
    isCarried: false,
  }));
