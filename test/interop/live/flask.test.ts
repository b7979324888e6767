import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { createSessions, type Sessions, type Untyped } from "../../../src/index.ts";
import { flaskSessions } from "../../../src/interop/flask/index.ts";
import { flaskServerSessions } from "../../../src/interop/flask-session/index.ts";
import { type SharedStore, starletteSessions } from "../../../src/interop/starlette/index.ts";
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

type Share = (site: PythonSite) => Promise<SharedStore>;

const OLD = { version: "0.3", userKey: "user" } as const;

const KEYED: readonly (readonly [SiteName, Share])[] = [
  [
    "Flask-Session on Redis",
    async () => {
      const redis = new Redis((await servers.get("redis")).port);
      closings.push(() => redis.disconnect());
      return flaskServerSessions({ redis, ...OLD });
    },
  ],
  [
    "Flask-Session on Memcached",
    async () => {
      const memcached = `127.0.0.1:${(await servers.get("memcached")).port}`;
      return flaskServerSessions({ memcached, ...OLD });
    },
  ],
];

const TRAVELLING: readonly (readonly [SiteName, Share])[] = [
  ["Flask", async ({ secret: secretKey }) => flaskSessions({ secretKey, userKey: "user" })],
  ["Flask with Flask-Login", async ({ secret: secretKey }) => flaskSessions({ secretKey })],
  ["Starlette", async ({ secret: secretKey }) => starletteSessions({ secretKey, userKey: "user" })],
  ["FastAPI", async ({ secret: secretKey }) => starletteSessions({ secretKey, userKey: "user" })],
];

/** As many as there are processes of an application. */
async function managers(share: Share, site: PythonSite): Promise<readonly Sessions<Untyped>[]> {
  return (await Promise.all([share(site), share(site)])).map((store) => createSessions({ store }));
}

describe.each(KEYED)("a thousand interleaved changes with %s", (name, share) => {
  it.each([
    ["ours, nor Python's where it makes one at a time", 1],
    ["ours where Python makes several at a time", 3],
  ])("lose none of %s", async (_, python) => {
    const site = await PythonSite.start(name, servers);
    closings.push(() => site.stop());
    const pair = { site, managers: await managers(share, site), ada: "ada" };
    const atOnce = { python, sojourn: 3 };
    const { ours, done } = await interleave(pair, { seed: 7, operations: 1_000, atOnce });
    expect({ ours, done }).toEqual({ ours: [], done: 1_000 });
  });
});

describe.each(TRAVELLING)("a thousand interleaved changes with %s", (name, share) => {
  it("lose nothing in turn", async () => {
    const site = await PythonSite.start(name, servers);
    closings.push(() => site.stop());
    const pair = { site, managers: await managers(share, site), ada: "ada", travels: true };
    const atOnce = { python: 1, sojourn: 1 };
    const outcome = await interleave(pair, { seed: 7, operations: 1_000, atOnce });
    expect(outcome).toEqual({ ours: [], pythons: [], done: 1_000 });
  });
});

it("a thousand interleaved changes with Flask-Session in files lose few by ours, as it knows no lock", async () => {
  const site = await PythonSite.start("Flask-Session in files", servers);
  closings.push(() => site.stop());
  const share: Share = async ({ folder }) =>
    flaskServerSessions({ filesystem: { folder: `${folder}/sessions`, hash: "md5" }, ...OLD });
  const pair = { site, managers: await managers(share, site), ada: "ada" };
  const atOnce = { python: 1, sojourn: 3 };
  const { ours, done } = await interleave(pair, { seed: 7, operations: 1_000, atOnce });
  expect(done).toBe(1_000);
  expect(ours.length).toBeLessThan(50);
});
