import { beforeEach, describe, expect, it } from "vitest";
import type { SessionStore } from "../../../src/index.ts";
import type { Browser } from "../../laws/support/browser.ts";
import { OldSite, OURS, show } from "../support/old-site.ts";

const ADA = { user: "ada", values: { cart: ["tea"] } };
let site: OldSite;
let browser: Browser;
beforeEach(() => {
  site = new OldSite();
});

/** Has calls of a method fail by their numbers, or be done and their answers be lost. */
function broken(
  store: SessionStore,
  method: "create" | "load",
  failing: readonly number[],
  isDone = false,
): SessionStore {
  let calls = 0;
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== method) return value.bind(target);
      return async (...args: unknown[]) => {
        calls += 1;
        if (!failing.includes(calls)) return value.apply(target, args);
        if (isDone) await value.apply(target, args);
        throw new Error("the connection was lost");
      };
    },
  });
}

function visited(store: SessionStore): Browser {
  site.store = store;
  return site.visitor({ cart: ["tea"], _user: "ada" });
}

describe("an adoption that is interrupted", () => {
  it("before ours is there leaves the old session, which goes on with the next request", async () => {
    browser = visited(broken(site.store, "load", [1]));
    expect((await browser.visit(show)).status).toBe(503);
    expect(site.rows.rows.size).toBe(1);
    expect((await browser.visit(show)).json).toEqual(ADA);
    expect(await site.listed("ada")).toBe(1);
  });

  // The second creation notes it; what was not heard of is tried again three times.
  const NOTING = [2, 3, 4, 5];

  it("before it is noted leaves the visitor signed in, and the old cookie", async () => {
    browser = visited(broken(site.store, "create", NOTING));
    expect((await browser.visit(show)).json).toEqual(ADA);
    expect([...browser.jar.keys()]).toEqual(["toy"]);
    expect(site.errors).toEqual([expect.objectContaining({ operation: "create" })]);
    expect((await browser.visit(show)).json).toEqual(ADA);
    expect([...browser.jar.keys()]).toEqual([OURS]);
    expect(site.rows.rows.size).toBe(0);
    expect(await site.listed("ada")).toBe(1);
  });

  it.each([[[1]], [[2]]])("by lost answers alone goes on (%j)", async (failing) => {
    browser = visited(broken(site.store, "create", failing, true));
    expect((await browser.visit(show)).json).toEqual(ADA);
    expect([[...browser.jar.keys()], site.errors]).toEqual([[OURS], []]);
    expect(await site.listed("ada")).toBe(1);
  });

  it("before the old one has ended is told, and that one brings nobody back", async () => {
    browser = visited(site.store);
    const late = browser.copy();
    const { remove } = site.rows;
    site.rows.remove = () => Promise.reject(new Error("read-only"));
    expect((await browser.visit(show)).json).toEqual(ADA);
    expect([...browser.jar.keys()]).toEqual([OURS]);
    expect(site.errors).toEqual([expect.objectContaining({ operation: "end" })]);
    site.rows.remove = remove;
    await browser.visit((session) => session.signOut());
    expect(site.rows.rows.size).toBe(1);
    site.now += 3_600_000;
    expect((await late.visit(show)).json).toMatchObject({ user: null });
  });

  it("is finished by a late request, where the old store could be asked no more", async () => {
    browser = visited(site.store);
    const late = browser.copy();
    const { remove } = site.rows;
    site.rows.remove = () => Promise.reject(new Error("read-only"));
    await browser.visit(show);
    site.rows.remove = remove;
    await late.visit(show);
    expect(site.rows.rows.size).toBe(0);
  });

  it("by an old store that does not answer signs nobody out: the request fails", async () => {
    browser = visited(site.store);
    const { read } = site.rows;
    site.rows.read = () => Promise.reject(new Error("down"));
    expect((await browser.visit(show)).status).toBe(503);
    expect([...browser.jar.keys()]).toEqual(["toy"]);
    site.rows.read = read;
    expect((await browser.visit(show)).json).toEqual(ADA);
  });
});
