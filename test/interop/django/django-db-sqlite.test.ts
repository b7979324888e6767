import { afterAll, describe } from "vitest";
import { describeDjangoLaws } from "../support/django-laws.ts";
import { DjangoWorld } from "../support/django-world.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
afterAll(() => servers.stop());

describe("Django's db on SQLite", () =>
  describeDjangoLaws({
    start: () =>
      DjangoWorld.start("Django on SQLite", servers, ({ folder }) => ({
        database: `${folder}/site.sqlite`,
      })),
    isCarried: false,
  }));
