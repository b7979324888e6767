import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSessions, type Session, type Sessions, type Untyped } from "../../../src/index.ts";
import {
  type FlaskServerOptions,
  flaskServerSessions,
} from "../../../src/interop/flask-session/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import { PythonSite } from "./python-site.ts";
import type { SiteName } from "./python-sites.ts";
import type { SiteServers } from "./site-servers.ts";

/** How the sessions of a site are opened here. */
export type OptionsFor = (
  site: PythonSite,
) => Partial<FlaskServerOptions> | Promise<Partial<FlaskServerOptions>>;

const NOBODY = { user: null, values: {} };

const show = (session: Session<Untyped>): unknown => ({
  user: session.userId ?? null,
  values: Object.fromEntries(session.entries()),
});

/** What holds between a Flask-Session site and the sessions here, wherever they lie. */
export function describeFlaskSessionLaws(
  name: SiteName,
  servers: SiteServers,
  optionsFor: OptionsFor,
): void {
  describe(`a session shared with ${name}`, () => {
    let site: PythonSite;
    let sessions: Sessions<Untyped>;
    let browser: Browser;
    beforeAll(async () => {
      site = await PythonSite.start(name, servers);
      const given = await optionsFor(site);
      const secret = name.endsWith("signed")
        ? { sessionUseSigner: true, secretKey: site.secret }
        : {};
      const store = flaskServerSessions({ version: "0.3", userKey: "user", ...secret, ...given });
      sessions = createSessions({ store });
    });
    afterAll(async () => {
      await sessions?.close();
      await site?.stop();
    });
    beforeEach(() => {
      browser = new Browser(sessions);
    });

    it("is signed in on both sides, wherever that was done", async () => {
      await site.login(browser.jar, "ada");
      await site.change(browser.jar, { cart: ["tea"] });
      const expected = { user: "ada", values: { cart: ["tea"] } };
      expect((await browser.visit(show)).json).toEqual(expected);
      browser.jar.clear();
      await browser.visit((session) => session.set("cart", ["tea"]));
      const { cookies } = await browser.visit((session) => session.signIn("ada"));
      expect(cookies).toEqual([expect.stringMatching(/^session=[\w.-]{36,}; .*Max-Age=2678400/)]);
      expect(await site.show(browser.jar)).toEqual(expected);
    });

    it("takes what both write in turns", async () => {
      await site.change(browser.jar, { there: 1 });
      await browser.visit((session) => session.set("here", 2));
      await site.append(browser.jar, "list", "there");
      await browser.visit((session) => session.update("list", (list) => [...list, "here"]));
      const values = { there: 1, here: 2, list: ["there", "here"] };
      expect((await site.show(browser.jar)).values).toEqual(values);
      expect((await browser.visit(show)).json).toMatchObject({ values });
    });

    it("keeps what Python writes while a request here changes it too", async () => {
      await site.change(browser.jar, { n: 0 });
      const { status } = await browser.visit(async (session) => {
        session.set("here", 1);
        await site.change(browser.copy().jar, { there: 2 });
      });
      expect(status).toBe(200);
      expect((await site.show(browser.jar)).values).toEqual({ n: 0, here: 1, there: 2 });
    });

    it("is signed out on both sides, wherever that was done", async () => {
      await browser.visit((session) => session.signIn("ada"));
      const copy = new Map(browser.jar);
      await site.logout(browser.jar);
      browser.jar.set("session", copy.get("session") ?? "");
      expect((await browser.visit(show)).json).toMatchObject({ user: null });
      browser.jar.clear();
      await site.login(browser.jar, "ada");
      const other = new Map(browser.jar);
      await browser.visit((session) => session.signOut());
      expect(browser.jar.has("session")).toBe(false);
      expect(await site.show(other)).toEqual(NOBODY);
    });

    it("leaves nothing under the key that it had before a sign-in", async () => {
      await site.change(browser.jar, { a: 1 });
      const before = new Map(browser.jar);
      await browser.visit((session) => session.signIn("ada"));
      expect(browser.jar.get("session")).not.toBe(before.get("session"));
      expect(await site.show(before)).toEqual(NOBODY);
    });

    it("keeps the values that JSON lacks", async () => {
      await site.storeOdd(browser.jar);
      const { odd } = await site.odd(browser.jar);
      await browser.visit((session) => session.set("other", 1));
      expect((await site.odd(browser.jar)).odd).toBe(odd);
    });

    it("shows each message once, whoever has left it", async () => {
      await site.flash(browser.jar, "success", "Saved <it>");
      const take = (category: string) => (session: Session<Untyped>) => session.takeAll(category);
      expect((await browser.visit(take("success"))).json).toEqual(["Saved <it>"]);
      expect(await site.flashes(browser.jar)).toEqual([]);
      await browser.visit((session) => session.flash("error", "No"));
      expect(await site.flashes(browser.jar)).toEqual([["error", "No"]]);
      expect((await browser.visit(take("error"))).json).toEqual([]);
    });

    it("is nobody's here when its time is over there", async () => {
      await site.login(browser.jar, "ada");
      await site.expire(browser.jar);
      expect((await browser.visit(show)).json).toEqual(NOBODY);
    });

    it("of an id that nobody has given out gets a new one", async () => {
      browser.jar.set("session", "00000000-0000-4000-8000-000000000000");
      await browser.visit((session) => session.set("a", 1));
      expect(browser.jar.get("session")).not.toContain("00000000-0000");
      expect((await site.show(browser.jar)).values).toEqual({ a: 1 });
    });
  });
}
