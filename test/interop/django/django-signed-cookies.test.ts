import { afterAll, describe } from "vitest";
import { describeDjangoLaws } from "../support/django-laws.ts";
import { DjangoWorld } from "../support/django-world.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
afterAll(() => servers.stop());

describe("Django's signed_cookies", () =>
  describeDjangoLaws({
    start: () =>
      DjangoWorld.start("Django's signed cookies", servers, () => ({ engine: "signed_cookies" })),
    isCarried: true,
  }));
