import { afterAll, describe } from "vitest";
import { describeDjangoLaws } from "../support/django-laws.ts";
import { DjangoWorld } from "../support/django-world.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
afterAll(() => servers.stop());

describe("Django's file", () =>
  describeDjangoLaws({
    start: () =>
      DjangoWorld.start("Django in files", servers, ({ folder }) => ({ engine: "file", folder })),
    isCarried: false,
    isSlow: true,
  }));
