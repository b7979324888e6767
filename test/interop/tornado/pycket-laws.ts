import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSessions, type Session, type Untyped } from "../../../src/index.ts";
import { type PycketOptions, pycketSessions } from "../../../src/interop/tornado/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import type { Jar } from "../support/jar.ts";
import { PythonSite } from "../support/python-site.ts";
import type { SiteName } from "../support/python-sites.ts";
import type { SiteServers } from "../support/site-servers.ts";

const show = (session: Session<Untyped>): unknown => ({
  user: session.userId ?? null,
  values: Object.fromEntries(session.entries()),
});

/** What a session shared with pycket does on any engine. */
export function describePycket(
  name: SiteName,
  servers: SiteServers,
  options: (secret: string) => PycketOptions,
): void {
  let site: PythonSite;
  let browser: Browser;
  let jar: Jar;
  beforeAll(async () => {
    site = await PythonSite.start(name, servers);
  });
  afterAll(() => site?.stop());
  beforeEach(() => {
    const store = pycketSessions(options(site.secret));
    browser = new Browser(createSessions({ store, onError: () => undefined }));
    jar = browser.jar;
  });

  describe(`a session shared with ${name}`, () => {
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
      await browser.visit((session) => session.set("here", 2));
      await site.append(jar, "list", "there");
      await browser.visit((session) => session.update("list", (list) => [...list, "here"]));
      const values = { there: 1, here: 2, list: ["there", "here"] };
      expect((await site.show(jar)).values).toEqual(values);
      expect((await browser.visit(show)).json).toMatchObject({ values });
    });

    it("keeps what Python writes while a request here changes it too", async () => {
      await site.change(jar, { a: 1 });
      await browser.visit(async (session) => {
        session.set("here", 1);
        await site.change(new Map(jar), { there: 2 });
      });
      expect((await site.show(jar)).values).toEqual({ a: 1, here: 1, there: 2 });
    });

    it("is over here where it is signed out there", async () => {
      await browser.visit((session) => session.signIn("ada"));
      await site.logout(jar);
      expect((await browser.visit(show)).json).toEqual({ user: null, values: {} });
    });

    it("is over there where it is signed out here, whoever has kept the cookie", async () => {
      await site.login(jar, "ada");
      const kept = new Map(jar);
      await browser.visit((session) => session.signOut());
      expect(jar.has("PYCKET_ID")).toBe(false);
      expect(await site.show(kept)).toEqual({ user: null, values: {} });
    });

    it("is over here when its time is over there", async () => {
      await site.login(jar, "ada");
      await site.expire(jar);
      expect((await browser.visit(show)).json).toEqual({ user: null, values: {} });
    });

    it("keeps each kind of value that JSON lacks", async () => {
      await site.storeOdd(jar);
      const { odd } = await site.odd(jar);
      await browser.visit((session) => session.set("other", 1));
      await browser.visit((session) => session.regenerate());
      expect((await site.odd(jar)).odd).toBe(odd);
      expect((await site.show(jar)).values).toMatchObject({ other: 1 });
    });

    it("leaves the token against forgery alone that Tornado has in a cookie of its own", async () => {
      jar.set("_xsrf", "2|token");
      await browser.visit((session) => session.signIn("ada"));
      expect(jar.get("_xsrf")).toBe("2|token");
    });
  });
}
