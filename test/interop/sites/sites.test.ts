import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Jar } from "../support/jar.ts";
import { PythonSite } from "../support/python-site.ts";
import { PYTHON_SITES, type SiteName, type SiteSpec } from "../support/python-sites.ts";
import { SiteServers } from "../support/site-servers.ts";

const NOBODY = { user: null, values: {} };
const NAMES = Object.keys(PYTHON_SITES) as SiteName[];

const servers = new SiteServers();
afterAll(() => servers.stop());

describe.each(NAMES)("%s, alone", (name) => {
  const { abilities }: SiteSpec = PYTHON_SITES[name];
  let site: PythonSite;
  beforeAll(async () => {
    site = await PythonSite.start(name, servers);
  });
  afterAll(() => site?.stop());

  it("signs in, keeps what it is told, and signs out", async () => {
    const jar: Jar = new Map();
    expect(await site.show(jar)).toEqual(NOBODY);
    await site.change(jar, { cart: ["tea"], gone: 1 });
    expect(await site.login(jar, "ada")).toMatchObject({ user: "ada" });
    await site.change(jar, { theme: "dark" }, ["gone"]);
    await site.append(jar, "cart", "milk");
    const values = { cart: ["tea", "milk"], theme: "dark" };
    expect(await site.show(jar)).toEqual({ user: "ada", values });
    expect((await site.logout(jar)).user).toBe(null);
    expect((await site.show(jar)).user).toBe(null);
  });

  it("keeps the values that JSON lacks", async () => {
    const jar: Jar = new Map();
    await site.storeOdd(jar);
    const { odd } = await site.odd(jar);
    expect(odd).toContain(`'odd_integer': ${2n ** 70n}`);
    await site.change(jar, { other: 1 });
    expect((await site.odd(jar)).odd).toBe(odd);
  });

  it("saves what it read before a change that came between", async () => {
    const jar: Jar = new Map();
    await site.change(jar, { first: 1 });
    const { saved } = await site.slowChange(new Map(jar), { slow: true }, 300);
    await site.change(jar, { quick: true });
    expect((await saved).values).toEqual({ first: 1, slow: true });
  });

  it.runIf(abilities.includes("expire"))("does not know a session whose time is over", async () => {
    const jar: Jar = new Map();
    await site.login(jar, "ada");
    await site.expire(jar);
    expect(await site.show(jar)).toEqual(NOBODY);
  });

  it.runIf(abilities.includes("flash"))("shows a message once", async () => {
    const jar: Jar = new Map();
    await site.flash(jar, "success", "Saved <it>");
    expect(await site.flashes(jar)).toEqual([["success", "Saved <it>"]]);
    expect(await site.flashes(jar)).toEqual([]);
  });

  it.runIf(abilities.includes("csrf"))(
    "keeps its token against forgery in the session",
    async () => {
      const jar: Jar = new Map();
      expect(await site.csrf(jar)).toEqual({
        token: expect.any(String),
        inSession: expect.any(Boolean),
      });
      expect((await site.csrf(jar)).inSession).toBe(true);
    },
  );

  it.runIf(abilities.includes("new-key"))("gives the session a new key", async () => {
    const jar: Jar = new Map();
    await site.login(jar, "ada");
    const before = jar.get("sessionid");
    await site.newKey(jar);
    expect(jar.get("sessionid")).not.toBe(before);
    expect((await site.show(jar)).user).toBe("ada");
  });

  it.runIf(abilities.includes("set-password"))("signs out whose password changes", async () => {
    const jar: Jar = new Map();
    await site.login(jar, "bob");
    await site.setPassword(new Map(), "bob", "another");
    expect((await site.show(jar)).user).toBe(null);
  });
});
