import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { createSessions, type Sessions, type Untyped } from "../../../src/index.ts";
import type { SharedStore } from "../../../src/interop/tornado/index.ts";
import { pycketSessions, tornadoSessions } from "../../../src/interop/tornado/index.ts";
import { PythonSite } from "../support/python-site.ts";
import type { SiteName } from "../support/python-sites.ts";
import { SiteServers } from "../support/site-servers.ts";
import { interleave } from "./interleave.ts";

const servers = new SiteServers();
const closings: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closings) close();
  await servers.stop();
});

const SHARES: Readonly<Record<string, (cookieSecret: string) => Promise<SharedStore>>> = {
  "pycket on Redis": async (cookieSecret) => {
    const redis = new Redis((await servers.get("redis")).port);
    closings.push(() => redis.disconnect());
    return pycketSessions({ redis, cookieSecret });
  },
  "pycket on Memcached": async (cookieSecret) => {
    const memcached = `127.0.0.1:${(await servers.get("memcached")).port}`;
    return pycketSessions({ memcached, cookieSecret });
  },
  "Tornado's signed cookies": async (cookieSecret) =>
    tornadoSessions({ cookieSecret, cookieName: "session", holds: "json" }),
};

/** As many as there are processes of an application. */
async function managers(name: SiteName, secret: string): Promise<readonly Sessions<Untyped>[]> {
  const stores = [SHARES[name], SHARES[name]].map((share) => share?.(secret));
  return (await Promise.all(stores)).map((store) =>
    createSessions({ store: store as SharedStore }),
  );
}

const KEYED = ["pycket on Redis", "pycket on Memcached"] as const;

describe.each(KEYED)("a thousand interleaved changes with %s", (name) => {
  it.each([
    ["ours, nor Python's where it makes one at a time", 1],
    ["ours where Python makes several at a time", 3],
  ])("lose none of %s", async (_, python) => {
    const site = await PythonSite.start(name, servers);
    closings.push(() => site.stop());
    const pair = { site, managers: await managers(name, site.secret), ada: "ada" };
    const atOnce = { python, sojourn: 3 };
    const { ours, done } = await interleave(pair, { seed: 7, operations: 1_000, atOnce });
    // Where Python's changes do not overlap each other, this holds what is gone of Python's too.
    expect({ ours, done }).toEqual({ ours: [], done: 1_000 });
  });
});

it("a thousand interleaved changes with Tornado's signed cookies lose nothing in turn", async () => {
  const name = "Tornado's signed cookies";
  const site = await PythonSite.start(name, servers);
  closings.push(() => site.stop());
  const pair = { site, managers: await managers(name, site.secret), ada: "ada", travels: true };
  const atOnce = { python: 1, sojourn: 1 };
  const outcome = await interleave(pair, { seed: 7, operations: 1_000, atOnce });
  expect(outcome).toEqual({ ours: [], pythons: [], done: 1_000 });
});
