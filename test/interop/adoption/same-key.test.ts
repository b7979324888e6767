import { beforeEach, describe, expect, it } from "vitest";
import type { Browser } from "../../laws/support/browser.ts";
import { type Given, OldSite, OURS, show } from "../support/old-site.ts";
import { toySessions } from "../support/toy.ts";

const ADA = { user: "ada", values: { cart: ["tea"] } };
const BOB = { user: "bob", values: { cart: ["rum"] } };
let site: OldSite;
let browser: Browser;
beforeEach(() => {
  site = new OldSite();
  browser = site.visitor({ cart: ["tea"], _user: "ada" });
});

/** Flask-Session and pycket go on under a key of which they know nothing any more. */
function alive(document: object): void {
  site.visitor(document);
}

describe("a key under which the old framework has begun once more", () => {
  it("leads another user to a session of their own", async () => {
    const late = browser.copy();
    await browser.visit(show);
    alive({ cart: ["rum"], _user: "bob" });
    expect((await late.copy().visit(show)).json).toEqual(BOB);
    expect([site.rows.rows.size, await site.listed("bob")]).toEqual([0, 1]);
    expect((await browser.visit(show)).json).toEqual(ADA);
    // Whose answer was lost is not shown as the first one either.
    expect((await late.visit(show)).json).toEqual(BOB);
    expect(site.told).toEqual(["created ada", "created bob"]);
  });

  it("begins one session for each of them, of many first requests", async () => {
    const late = browser.copy();
    await browser.visit(show);
    for (const user of ["bob", "eve", "ada", "bob"]) {
      alive({ cart: ["rum"], _user: user });
      const copies = Array.from({ length: 8 }, () => late.copy(site.open()));
      const answers = await Promise.all(copies.map((copy) => copy.visit(show)));
      expect(answers.map(({ json }) => json)).toEqual(copies.map(() => ({ ...BOB, user })));
      expect(new Set(copies.map(({ jar }) => jar.get(OURS))).size).toBe(1);
    }
  });

  it("leads a visitor who is not signed in to nobody's session", async () => {
    const late = browser.copy();
    await browser.visit(show);
    alive({ cart: ["rum"] });
    expect((await late.visit(show)).json).toEqual({ ...BOB, user: null });
  });

  it("brings back the user who has signed in there a minute after the sign-out here", async () => {
    const late = browser.copy();
    await browser.visit((session) => session.signOut());
    site.now += 60_001;
    alive({ cart: ["tea"], _user: "ada" });
    expect((await late.visit(show)).json).toEqual(ADA);
    await late.visit((session) => session.signOut());
    expect(await site.listed("ada")).toBe(0);
  });

  it("brings them back where the old framework notes no time, and all is as it was", async () => {
    const { format } = toySessions(site.rows);
    const read: typeof format.read = (bytes, now) => ({
      ...format.read(bytes, now),
      writtenAt: undefined,
    });
    const given: Given = { sessions: { format: { ...format, read } } };
    browser = site.visitor({ cart: ["tea"], _user: "ada" }, given);
    const late = browser.copy();
    await browser.visit((session) => session.signOut());
    site.now += 60_001;
    alive({ cart: ["tea"], _user: "ada" });
    expect((await late.visit(show)).json).toEqual(ADA);
  });

  it("brings the user back whose session here has expired", async () => {
    browser = site.visitor({ _user: "ada", _kept: false });
    const late = browser.copy();
    await browser.visit(show);
    site.now += 1_800_001;
    alive({ cart: ["rum"], _user: "ada" });
    expect((await late.visit(show)).json).toEqual({ ...BOB, user: "ada" });
  });

  it("ends what a request wrote there that began before the takeover", async () => {
    const late = browser.copy();
    await browser.visit((session) => session.set("cart", ["milk"]));
    site.now += 1;
    alive({ cart: ["rum"], _user: "ada" });
    expect((await late.visit(show)).json).toEqual({ user: "ada", values: { cart: ["milk"] } });
    expect(site.rows.rows.size).toBe(0);
    expect(await site.listed("ada")).toBe(1);
  });

  it("ends what was written there just after the sign-out", async () => {
    const late = browser.copy();
    await browser.visit((session) => session.signOut());
    site.now += 60_000;
    alive({ cart: ["rum"], _user: "ada" });
    expect((await late.visit(show)).json).toMatchObject({ user: null });
    expect(site.rows.rows.size).toBe(0);
  });

  it("is told apart before the takeover was noted, too", async () => {
    const { create } = site.store;
    const late = browser.copy();
    site.store.create = (record, call) =>
      record.manager === "sid"
        ? create.call(site.store, record, call)
        : Promise.reject(new Error("the connection was lost"));
    expect((await browser.visit(show)).json).toEqual(ADA);
    site.store.create = create;
    alive({ cart: ["rum"], _user: "bob" });
    expect((await late.copy().visit(show)).json).toEqual(BOB);
    expect((await late.visit(show)).json).toEqual(BOB);
  });

  it("shows who only looks the same, and writes nothing", async () => {
    const late = browser.copy();
    await browser.visit(show);
    alive({ cart: ["rum"], _user: "bob" });
    const headers = { "sec-purpose": "prefetch" };
    expect((await late.visit(show, { headers })).json).toEqual(BOB);
    expect([site.rows.rows.size, await site.listed("bob")]).toEqual([1, 0]);
  });
});
