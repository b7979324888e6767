import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSessions, type Session, type Untyped } from "../../../src/index.ts";
import { type FlaskOptions, flaskSessions } from "../../../src/interop/flask/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import type { Jar } from "../support/jar.ts";
import { PythonSite } from "../support/python-site.ts";
import type { SiteName } from "../support/python-sites.ts";
import { SiteServers } from "../support/site-servers.ts";

const SITES: readonly (readonly [SiteName, Partial<FlaskOptions>])[] = [
  ["Flask", { userKey: "user" }],
  ["Flask, permanent", { userKey: "user" }],
  ["Flask with Flask-Login", {}],
];

const show = (session: Session<Untyped>): unknown => ({
  user: session.userId ?? null,
  values: Object.fromEntries(session.entries()),
});

const servers = new SiteServers();
afterAll(() => servers.stop());

describe.each(SITES)("a session shared with %s", (name, options) => {
  let site: PythonSite;
  let browser: Browser;
  let jar: Jar;
  beforeAll(async () => {
    site = await PythonSite.start(name, servers);
  });
  afterAll(() => site?.stop());
  beforeEach(() => {
    const store = flaskSessions({ secretKey: site.secret, ...options });
    const cookie = { domain: undefined };
    browser = new Browser(createSessions({ store, cookie, onError: () => undefined }));
    jar = browser.jar;
  });

  it("that is signed in there is signed in here", async () => {
    await site.change(jar, { cart: ["tea"] });
    await site.login(jar, "ada");
    const { json } = await browser.visit(show);
    expect(json).toMatchObject({ user: "ada", values: { cart: ["tea"] } });
  });

  it("that is signed in here is signed in there", async () => {
    await browser.visit((session) => session.set("cart", ["tea"]));
    await browser.visit((session) => session.signIn("ada"));
    expect(await site.show(jar)).toEqual({ user: "ada", values: { cart: ["tea"] } });
  });

  it("takes what both write in turns", async () => {
    await site.change(jar, { there: 1 });
    await browser.visit((session) => session.set("here", 2));
    await site.append(jar, "list", "there");
    await browser.visit((session) => session.update("list", (list) => [...list, "here"]));
    const values = { there: 1, here: 2, list: ["there", "here"] };
    expect((await site.show(jar)).values).toEqual(values);
    expect((await browser.visit(show)).json).toMatchObject({ values });
  });

  it("is over here where it is signed out there", async () => {
    await browser.visit((session) => session.signIn("ada"));
    await site.logout(jar);
    expect((await browser.visit(show)).json).toMatchObject({ user: null });
  });

  it("is over there where it is signed out here", async () => {
    await site.login(jar, "ada");
    await browser.visit((session) => session.signOut());
    expect(jar.has("session")).toBe(false);
    expect(await site.show(jar)).toEqual({ user: null, values: {} });
  });

  it("keeps the values that JSON lacks", async () => {
    await site.storeOdd(jar);
    const { odd } = await site.odd(jar);
    await browser.visit((session) => session.set("other", 1));
    await browser.visit((session) => session.regenerate());
    expect((await site.odd(jar)).odd).toBe(odd);
    expect((await site.show(jar)).values).toMatchObject({ other: 1 });
  });

  it("shows each message once, whoever has left it", async () => {
    await site.flash(jar, "success", "Saved <it>");
    expect((await browser.visit((session) => session.takeAll("success"))).json).toEqual([
      "Saved <it>",
    ]);
    expect(await site.flashes(jar)).toEqual([]);
    await browser.visit((session) => session.flash("error", "No"));
    await browser.visit((session) => session.flash("error", "No"));
    expect(await site.flashes(jar)).toEqual([
      ["error", "No"],
      ["error", "No"],
    ]);
    expect((await browser.visit((session) => session.takeAll("error"))).json).toEqual([]);
  });

  it("leaves Flask's token against forgery behind when somebody signs in, and Flask makes another", async () => {
    const { token } = await site.csrf(jar);
    const raw = (await browser.visit((session) => session.get("csrf_token"))).json;
    await browser.visit((session) => session.signIn("ada"));
    expect(await site.csrf(jar)).toMatchObject({ inSession: true });
    expect((await browser.visit((session) => session.get("csrf_token"))).json).not.toBe(raw);
    expect(token).toEqual(expect.any(String));
  });

  it.runIf(name !== "Flask, permanent")("is over here when its time is over there", async () => {
    await site.login(jar, "ada");
    await site.expire(jar);
    expect((await browser.visit(show)).json).toEqual({ user: null, values: {} });
  });

  it.runIf(name.includes("permanent"))("stays permanent", async () => {
    await site.login(jar, "ada");
    const { cookies } = await browser.visit((session) => session.set("a", 1));
    expect(cookies).toEqual([expect.stringMatching(/; .*Max-Age=26784\d\d/)]);
  });
});
