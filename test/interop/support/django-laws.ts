import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Rejection } from "../../../src/core/events.ts";
import type { Sessions, Untyped } from "../../../src/index.ts";
import type { Browser } from "../../laws/support/browser.ts";
import { interleave } from "../live/interleave.ts";
import { type DjangoWorld, shown } from "./django-world.ts";

const NOBODY = { user: null, values: {} };

/** What holds of each engine. */
export interface Engine {
  readonly start: () => Promise<DjangoWorld>;
  /** Whether a cookie holds the session whole, so that nobody else can change or end it. */
  readonly isCarried: boolean;
  readonly isSlow?: boolean;
}

/** What holds between a Django site and the sessions here, wherever they lie. */
export function describeDjangoLaws({ start, isCarried, isSlow = false }: Engine): void {
  let world: DjangoWorld;
  let sessions: Sessions<Untyped>;
  let browser: Browser;
  let rejected: Rejection[];
  beforeAll(async () => {
    world = await start();
  });
  afterAll(() => world?.site.stop());
  beforeEach(() => {
    sessions = world.open();
    browser = world.browser(sessions);
    rejected = [];
    sessions.on("rejected", ({ reason }) => rejected.push(reason));
  });
  afterEach(() => sessions.close());

  describe("a session that Django has signed in", () => {
    beforeEach(async () => {
      await world.site.login(browser.jar, "ada");
      await world.site.change(browser.jar, { theme: "dark", visits: 3 });
    });

    it("opens here, with its user and values", async () => {
      const { json, cookies } = await browser.visit(shown);
      expect(json).toEqual({ userId: "1", values: { theme: "dark", visits: 3 } });
      expect(cookies).toEqual([]);
    });

    it("shows Django what is changed here, of whatever letters and length", async () => {
      const numbers = Array.from({ length: isCarried ? 50 : 500 }, (_, n) => n);
      const value = { name: "Zoë \u{1f600} \u2028 \u007f", list: numbers };
      await browser.visit((session) => {
        session.set("cart", value);
        session.delete("theme");
      });
      const values = { cart: value, visits: 3 };
      expect(await world.site.show(browser.jar)).toEqual({ user: "ada", values });
      expect((await browser.visit(shown)).json).toEqual({ userId: "1", values });
    });

    it("gives Django back all that is not touched here as it was", async () => {
      await world.site.storeOdd(browser.jar);
      const before = await world.site.odd(browser.jar);
      await browser.visit((session) => session.set("theme", "light"));
      expect((await world.site.odd(browser.jar)).odd).toBe(before.odd);
    });

    it("ends here for Django too, and the browser forgets it", async () => {
      const copy = browser.copy();
      const { cookies } = await browser.visit((session) => session.signOut());
      expect(cookies).toEqual([expect.stringMatching(/^sessionid=; Path=\/; .*Max-Age=0/)]);
      expect(browser.jar.has("sessionid")).toBe(false);
      expect(await world.site.show(browser.jar)).toEqual(NOBODY);
      if (isCarried) return;
      expect((await copy.visit(shown)).json).toEqual({ userId: null, values: {} });
      expect(await world.site.show(copy.jar)).toEqual(NOBODY);
    });

    it("ends there for us too", async () => {
      const copy = browser.copy();
      await world.site.logout(browser.jar);
      expect((await browser.visit(shown)).json).toEqual({ userId: null, values: {} });
      if (isCarried) return;
      expect((await copy.visit(shown)).json).toEqual({ userId: null, values: {} });
      expect(rejected).toContain("unknown");
    });

    it("goes on under a new key, and the old one leads nowhere", async () => {
      const old = new Map(browser.jar);
      await browser.visit((session) => session.regenerate());
      const after = { user: "ada", values: { theme: "dark", visits: 3 } };
      expect(await world.site.show(browser.jar)).toEqual(after);
      expect((await browser.visit(shown)).json).toMatchObject({ userId: "1" });
      if (isCarried) return;
      expect(browser.jar.get("sessionid")).toMatch(/^[a-z0-9]{32}$/);
      expect(await world.site.show(old)).toEqual(NOBODY);
    });

    it("follows Django to a new key", async () => {
      await world.site.newKey(browser.jar);
      expect((await browser.visit(shown)).json).toMatchObject({ userId: "1" });
    });

    it("is not signed in any more once the password has changed", async () => {
      await world.site.setPassword(new Map(), "ada", "new");
      expect((await browser.visit(shown)).json).toMatchObject({ userId: null, values: {} });
      await world.site.setPassword(new Map(), "ada", "newer");
    });

    it.skipIf(isCarried)("is not opened once its end has passed", async () => {
      await world.site.expire(browser.jar);
      expect((await browser.visit(shown)).json).toMatchObject({ userId: null, values: {} });
      expect(rejected).toEqual([expect.stringMatching(/^(?:unknown|expired)$/)]);
    });

    it.skipIf(isCarried)("keeps what Django writes while a request here changes it", async () => {
      const conflicts: unknown[] = [];
      sessions.on("conflict", (event) => conflicts.push(event));
      await browser.visit(async (session) => {
        session.set("here", 1);
        await world.site.change(new Map(browser.jar), { there: 2, theme: "light" });
      });
      expect(conflicts).toHaveLength(1);
      const values = { theme: "light", visits: 3, here: 1, there: 2 };
      expect(await world.site.show(browser.jar)).toEqual({ user: "ada", values });
    });

    it.skipIf(isCarried)("counts every one of many updates here", async () => {
      const both = [world.open(), world.open()].map((each) => browser.copy(each));
      await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          both[n % 2]?.visit((session) => session.update("visits", (visits) => visits + 1)),
        ),
      );
      expect(await world.site.show(browser.jar)).toMatchObject({ values: { visits: 23 } });
    });

    it.skipIf(isCarried)("takes no write any more that Django ends meanwhile", async () => {
      const answer = await browser.visit(async (session) => {
        session.set("late", true);
        await world.site.logout(new Map(browser.jar));
      });
      expect(answer.status).toBe(409);
      expect(await world.site.show(browser.jar)).toEqual(NOBODY);
    });
  });

  describe("a session that begins here", () => {
    it("is Django's too, with its values, once it has some", async () => {
      const first = await browser.visit((session) => session.get("cart") ?? null);
      expect(first.cookies).toEqual([]);
      await browser.visit((session) => session.set("cart", ["tea"]));
      const values = { cart: ["tea"] };
      expect(await world.site.show(browser.jar)).toEqual({ user: null, values });
      await world.site.login(browser.jar, "bob");
      expect((await browser.visit(shown)).json).toEqual({ userId: "2", values });
    });

    it("is signed in there once it is here, and keeps what the visitor had", async () => {
      await world.site.change(browser.jar, { cart: ["tea"] });
      const before = browser.jar.get("sessionid");
      const { cookies } = await browser.visit((session) => session.signIn("2"));
      expect(cookies).toEqual([expect.stringMatching(/^sessionid=[^;]+; .*Max-Age=1209600/)]);
      expect(browser.jar.get("sessionid")).not.toBe(before);
      expect(await world.site.show(browser.jar)).toEqual({
        user: "bob",
        values: { cart: ["tea"] },
      });
      expect((await browser.visit((session) => session.isFresh("1m"))).json).toBe(true);
    });

    it("of another user has nothing of the one before", async () => {
      await world.site.login(browser.jar, "ada");
      await world.site.change(browser.jar, { cart: ["tea"] });
      await browser.visit((session) => session.signIn("2"));
      expect(await world.site.show(browser.jar)).toEqual({ user: "bob", values: {} });
    });

    it("of a user whom Django does not know does not begin", async () => {
      expect((await browser.visit((session) => session.signIn("3"))).status).toBe(503);
      expect(browser.jar.size).toBe(0);
    });
  });

  describe("messages", () => {
    it("of Django's are shown here, once", async () => {
      await world.site.flash(browser.jar, "success", "Saved <it>");
      await world.site.flash(browser.jar, "warning", "Slowly");
      const taken = await browser.visit((session) => session.takeAll("success"));
      expect(taken.json).toEqual(["Saved <it>"]);
      expect(await world.site.flashes(browser.jar)).toEqual([["warning", "Slowly"]]);
    });

    it("of ours are shown there, once", async () => {
      await browser.visit((session) => session.flash("error", "Zoë's card"));
      expect(await world.site.flashes(browser.jar)).toEqual([["error", "Zoë's card"]]);
      expect((await browser.visit((session) => session.takeAll("error"))).json).toEqual([]);
    });
  });

  it("a thousand changes of both sides at once lose nothing by ours", async () => {
    const managers = [world.open(), world.open()];
    const pair = { site: world.site, managers, ada: "1", travels: isCarried };
    // More would keep each other from winning, as files are slow.
    const atOnce = isSlow ? { python: 1, sojourn: 2 } : { python: 2, sojourn: 3 };
    const outcome = await interleave(pair, { seed: 11, operations: 1_000, atOnce });
    // Between a look at a file and its renaming Django may write: a moment, which some writes hit.
    if (isSlow) expect(outcome.ours.length).toBeLessThan(50);
    else expect(outcome.ours).toEqual([]);
    expect(outcome.done).toBe(1_000);
  }, 180_000);

  it("a sign-in here renews Django's secret against forged requests", async () => {
    const before = await world.site.csrf(browser.jar);
    await world.site.change(browser.jar, { cart: ["tea"] });
    await browser.visit((session) => session.signIn("2"));
    const post = async (token: string): Promise<number> =>
      (await world.site.fetch(browser.jar, "/csrf", {}, { "X-CSRFToken": token })).status;
    expect(await post(before.token)).toBe(403);
    expect(await post((await world.site.csrf(browser.jar)).token)).toBe(200);
  });
}
