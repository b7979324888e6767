import { describe, expect, it } from "vitest";
import { type WatchForDriftOptions, watchForDrift } from "../../src/security/theft/index.ts";
import type { Browser } from "../laws/support/browser.ts";
import { World } from "../laws/support/world.ts";

type Headers = Record<string, string>;

const CHROME: Headers = {
  "sec-ch-ua": '"Chromium";v="156", "Not_A Brand";v="24", "Google Chrome";v="156"',
  "sec-ch-ua-platform": '"Linux"',
  "sec-ch-ua-mobile": "?0",
  "user-agent": "Mozilla/5.0 Chrome/156.0",
};
const UPDATED: Headers = {
  ...CHROME,
  "sec-ch-ua": '"Google Chrome";v="157", "Chromium";v="157", "Not?A=Brand";v="8"',
  "user-agent": "Mozilla/5.0 Chrome/157.0",
};
const SCRIPT: Headers = { "user-agent": "python-requests/2.32" };

const watching = (options: WatchForDriftOptions = {}): World =>
  new World({ protections: [watchForDrift(options)], trustProxy: "all" });

async function signedIn(world: World, headers: Headers): Promise<Browser> {
  const browser = world.browser();
  await browser.visit((session) => session.signIn("ada"), { headers });
  return browser;
}

const look = async (browser: Browser, headers: Headers): Promise<unknown> => {
  const answer = await browser.visit(
    (session) => [session.userId ?? null, session.isFresh("10m")],
    { headers },
  );
  return answer.json;
};

describe("a session that is used by something else than it was signed in by", () => {
  it("is told of once, with what has changed, and goes on [NIST 5.3 monitoring]", async () => {
    const world = watching();
    const browser = await signedIn(world, CHROME);
    for (const headers of [CHROME, SCRIPT, SCRIPT]) {
      expect(await look(browser, headers)).toEqual(["ada", true]);
    }
    await Promise.all([0, 1, 2].map(() => look(browser.copy(), CHROME)));
    const told = { userId: "ada", signals: ["browser", "platform"], action: "event" };
    expect(world.told("drifted")).toMatchObject([told, told]);
  });

  it("is not told of for an update, nor for a new token, nor where nobody is signed in", async () => {
    const world = watching();
    const browser = await signedIn(world, CHROME);
    await browser.visit((session) => session.regenerate(), { headers: UPDATED });
    expect(await look(browser, UPDATED)).toEqual(["ada", true]);
    const anonymous = await world.returning();
    await look(anonymous, CHROME);
    await look(anonymous, SCRIPT);
    expect(world.told("drifted")).toEqual([]);
  });

  it("is fresh no more until the user signs in again [ASVS 7.5.1] [NIST 5.3 monitoring]", async () => {
    const world = watching({ policy: { browser: "stepUp" } });
    const browser = await signedIn(world, CHROME);
    expect(await look(browser, SCRIPT)).toEqual(["ada", false]);
    expect(await look(browser, SCRIPT)).toEqual(["ada", false]);
    await browser.visit((session) => session.regenerate(), { headers: SCRIPT });
    expect(await look(browser, SCRIPT)).toEqual(["ada", false]);
    const cookie = [...browser.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const view = await world.sessions.read(new Headers({ cookie, ...SCRIPT }));
    expect(view?.isFresh("10m")).toBe(false);
    await browser.visit((session) => session.signIn("ada"), { headers: SCRIPT });
    expect(await look(browser, SCRIPT)).toEqual(["ada", true]);
  });

  it("ends where the policy says so", async () => {
    const world = watching({ policy: { platform: "end" } });
    const browser = await signedIn(world, CHROME);
    expect(await look(browser, { ...CHROME, "sec-ch-ua-platform": '"Windows"' })).toEqual([
      null,
      false,
    ]);
    expect(await look(browser, CHROME)).toEqual([null, false]);
    expect(world.told("drifted")).toMatchObject([{ signals: ["platform"], action: "end" }]);
    expect(world.told("rejected")).toMatchObject([{ reason: "drifted" }, { reason: "revoked" }]);
    expect(await world.live()).toBe(0);
  });

  it("is compared by network and country where it is asked to be, however an address is spelt [CVE-2026-45364]", async () => {
    const world = watching({
      policy: { browser: "ignore", platform: "ignore", network: "event", country: "stepUp" },
      country: ({ header }) => header("cf-ipcountry"),
    });
    const from = (address: string, country = "DE"): Headers => ({
      "x-forwarded-for": address,
      "cf-ipcountry": country,
    });
    const browser = await signedIn(world, from("2001:db8:1:2::7"));
    await look(browser, from("2001:0DB8:1:2:ffff::1"));
    await look(browser, { "cf-ipcountry": "DE" });
    expect(world.told("drifted")).toEqual([]);
    expect(await look(browser, from("2001:db8:1:3::7"))).toEqual(["ada", true]);
    expect(await look(browser, from("2001:db8:1:3::7", "FR"))).toEqual(["ada", false]);
    expect(world.told("drifted").map(({ signals }) => signals)).toEqual([["network"], ["country"]]);
  });

  it("is not told of for the workers and WebSockets of a Chromium, which send no hints", async () => {
    const world = watching({ policy: { browser: "end", platform: "end" } });
    const { "user-agent": agent = "" } = CHROME;
    const browser = await signedIn(world, CHROME);
    expect(await look(browser, { "user-agent": agent })).toEqual(["ada", true]);
    const worker = await signedIn(world, { "user-agent": agent });
    expect(await look(worker, CHROME)).toEqual(["ada", true]);
    expect(world.told("drifted")).toEqual([]);
    for (const each of [browser, worker]) expect(await look(each, SCRIPT)).toEqual([null, false]);
  });

  it("is not told of for what was not known at the sign-in, and is compared with it from then on", async () => {
    const world = watching({
      policy: { browser: "ignore", platform: "ignore", country: "end" },
      country: ({ header }) => header("cf-ipcountry"),
    });
    const browser = await signedIn(world, {});
    expect(await look(browser, { "cf-ipcountry": "DE" })).toEqual(["ada", true]);
    expect(await look(browser, { "cf-ipcountry": "DE" })).toEqual(["ada", true]);
    expect(world.told("drifted")).toEqual([]);
    expect(await look(browser, { "cf-ipcountry": "FR" })).toEqual([null, false]);
  });

  it("knows families by what is passed in", async () => {
    const family = (agent: string): string | undefined => /Chrome|Firefox/.exec(agent)?.[0];
    const world = watching({ family });
    const browser = await signedIn(world, { "user-agent": "Mozilla/5.0 Firefox/150.0" });
    await look(browser, { "user-agent": "Mozilla/5.0 Firefox/151.0" });
    expect(world.told("drifted")).toEqual([]);
    await look(browser, { "user-agent": "Mozilla/5.0 Chrome/156.0" });
    expect(world.told("drifted")).toHaveLength(1);
  });

  it("keeps hashes, and none of what is ignored", async () => {
    const world = watching({ policy: { platform: "ignore", network: "event" } });
    const browser = await signedIn(world, { ...CHROME, "x-forwarded-for": "192.0.2.7" });
    const stored = await world.stored(await world.idOf(browser));
    const { r: noted } = JSON.parse(stored?.notes ?? "");
    expect(Object.keys(noted).sort()).toEqual(["browser", "network", "salt"]);
    expect(JSON.stringify(stored?.notes)).not.toMatch(/Chrom|Linux|192\.0/);
  });

  it.each([
    [{ policy: { ip: "end" } }, "watchForDrift.policy.ip: is not known"],
    [{ policy: { network: "pin" } }, "watchForDrift.policy.network: must be one of"],
    [{ policy: { country: "event" } }, "watchForDrift.country: must tell the country"],
    [{ family: "Chrome" }, "watchForDrift.family: must be a function"],
  ])("is not watched for by what is misspelt: %j", (options, problem) => {
    expect(() => watchForDrift(options as never)).toThrow(problem);
  });
});
