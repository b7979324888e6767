import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createSessions } from "../../../src/index.ts";
import { flaskSessions } from "../../../src/interop/flask/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import { PythonSite } from "../support/python-site.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
const HEADERS = { "x-forwarded-for": "192.0.2.1, 10.0.0.1", "user-agent": "Zoë's \\ browser" };

let site: PythonSite;
let browser: Browser;
beforeAll(async () => {
  site = await PythonSite.start("Flask with Flask-Login", servers);
});
afterAll(async () => {
  await site?.stop();
  await servers.stop();
});
beforeEach(() => {
  browser = new Browser(createSessions({ store: flaskSessions({ secretKey: site.secret }) }));
});

/** What the session holds once Flask-Login has looked who it is. */
async function seen(headers: object): Promise<string> {
  await site.fetch(browser.jar, "/", undefined, headers);
  const response = await site.fetch(browser.jar, "/odd", undefined, headers);
  return ((await response.json()) as { readonly all: string }).all;
}

it.each(["Zoë's \\ browser", "Both ' and \"", "plain"])(
  "a sign-in here is a fresh one to Flask-Login, by the browser %s",
  async (agent) => {
    const headers = { ...HEADERS, "user-agent": agent };
    await browser.visit((session) => session.signIn("ada"), { headers });
    const here = browser.jar.get("session");
    const all = await seen(headers);
    expect(all).toContain("'_user_id': 'ada'");
    expect(all).toContain("'_fresh': True");
    // Where its own hash differs, it notes that and sends the cookie anew.
    expect(browser.jar.get("session")).toBe(here);
  },
);

it("a session that Flask-Login finds in another browser is fresh no more", async () => {
  await browser.visit((session) => session.signIn("ada"), { headers: HEADERS });
  expect(await seen({ ...HEADERS, "user-agent": "another" })).toContain("'_fresh': False");
});

it("what Flask-Login keeps of the visitor outlives a new key", async () => {
  await site.login(browser.jar, "ada");
  const before = await seen({});
  expect(before).toContain("'_fresh': True");
  await browser.visit((session) => session.regenerate());
  expect(await seen({})).toBe(before);
  expect((await browser.visit((session) => [...session.entries()])).json).toEqual([]);
});
