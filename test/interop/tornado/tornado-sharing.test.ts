import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSessions, type Session, type Untyped } from "../../../src/index.ts";
import { type TornadoOptions, tornadoSessions } from "../../../src/interop/tornado/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import type { Jar } from "../support/jar.ts";
import { PythonSite } from "../support/python-site.ts";
import { SiteServers } from "../support/site-servers.ts";

const JSON_COOKIE = { cookieName: "session", holds: "json" } as const;

const servers = new SiteServers();
let site: PythonSite;
let browser: Browser;
let jar: Jar;
beforeAll(async () => {
  site = await PythonSite.start("Tornado's signed cookies", servers);
});
afterAll(() => site?.stop());
beforeEach(() => {
  browser = open();
  jar = browser.jar;
});

function open(options: Partial<TornadoOptions> = {}): Browser {
  const store = tornadoSessions({ cookieSecret: site.secret, ...JSON_COOKIE, ...options });
  return new Browser(createSessions({ store, onError: () => undefined }));
}

const show = (session: Session<Untyped>): unknown => ({
  user: session.userId ?? null,
  values: Object.fromEntries(session.entries()),
});

describe("a session shared with Tornado's signed cookies", () => {
  it("that is signed in there is signed in here", async () => {
    await site.change(jar, { cart: ["tea"] });
    await site.login(jar, "ada");
    expect((await browser.visit(show)).json).toEqual({ user: "ada", values: { cart: ["tea"] } });
  });

  it("that is signed in here is signed in there", async () => {
    await browser.visit((session) => session.set("cart", ["tea"]));
    await browser.visit((session) => session.signIn("ada"));
    expect(await site.show(jar)).toMatchObject({ user: "ada", values: { cart: ["tea"] } });
  });

  it("takes what both write in turns", async () => {
    await site.change(jar, { there: 1 });
    await browser.visit((session) => session.set("here", "Zoë"));
    await site.append(jar, "list", "there");
    await browser.visit((session) => session.update("list", (list) => [...list, "here"]));
    const values = { there: 1, here: "Zoë", list: ["there", "here"] };
    expect((await site.show(jar)).values).toEqual(values);
    expect((await browser.visit(show)).json).toMatchObject({ values });
  });

  it("is over here where it is signed out there", async () => {
    await browser.visit((session) => session.signIn("ada"));
    await site.logout(jar);
    expect((await browser.visit(show)).json).toMatchObject({ user: null, values: {} });
  });

  it("is over there where it is signed out here", async () => {
    await site.login(jar, "ada");
    await browser.visit((session) => session.signOut());
    expect(jar.has("session")).toBe(false);
    expect(await site.show(jar)).toEqual({ user: null, values: {} });
  });

  it("is over here when its time is over there", async () => {
    await site.login(jar, "ada");
    await site.expire(jar);
    expect((await browser.visit(show)).json).toEqual({ user: null, values: {} });
  });

  it("keeps the values that JSON lacks, and what it does not touch as it was", async () => {
    await site.storeOdd(jar);
    const { odd } = await site.odd(jar);
    await browser.visit((session) => session.set("other", 1));
    await browser.visit((session) => session.regenerate());
    expect((await site.odd(jar)).odd).toBe(odd);
    expect((await site.show(jar)).values).toMatchObject({ other: 1 });
  });

  it("comes with quotes from Tornado and without from here, and both sides read both", async () => {
    await site.change(jar, { a: "x" });
    const values = [jar.get("session") ?? ""];
    await browser.visit((session) => session.set("a", "xx"));
    values.push(jar.get("session") ?? "");
    const bare = values.map((value) => value.replaceAll('"', ""));
    for (const value of bare.flatMap((each) => [each, `"${each}"`])) {
      jar.set("session", value);
      expect((await site.show(jar)).values["a"]).toMatch(/^x+$/);
      expect((await browser.visit((session) => session.get("a"))).json).toMatch(/^x+$/);
    }
    expect(values.map((value) => value.startsWith('"'))).toEqual([true, false]);
  });

  it("is no other cookie's value", async () => {
    await site.login(jar, "ada");
    const other = open({ cookieName: "other" });
    other.jar.set("other", jar.get("session") ?? "");
    expect((await other.visit(show)).json).toEqual({ user: null, values: {} });
  });

  it("shows its messages here once", async () => {
    await browser.visit((session) => session.flash("error", "No"));
    await site.change(jar, { a: 1 });
    expect((await browser.visit((session) => session.takeAll("error"))).json).toEqual(["No"]);
    expect((await browser.visit((session) => session.takeAll("error"))).json).toEqual([]);
  });
});
