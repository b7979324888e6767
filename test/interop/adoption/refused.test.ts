import { beforeEach, describe, expect, it } from "vitest";
import { cookieCache } from "../../../src/cookies/cookie.ts";
import { createSessions, memoryStore } from "../../../src/index.ts";
import { adoptable } from "../../../src/interop/adoption/adoptable.ts";
import { flaskCookie } from "../../../src/interop/flask/index.ts";
import { sharedStore } from "../../../src/interop/foreign/shared-store.ts";
import { Browser } from "../../laws/support/browser.ts";
import { heardWarnings } from "../../support/warnings.ts";
import { DAY_MS, KEY, OldSite, OURS, show, usual, WHOLE } from "../support/old-site.ts";
import { ToyRows, toySessions } from "../support/toy.ts";

let site: OldSite;
beforeEach(() => {
  site = new OldSite();
});

/** What becomes of a visitor whose old session is mapped so. */
async function outcome(
  map: Parameters<OldSite["open"]>[0],
  options: object = {},
): Promise<{ readonly browser: Browser; readonly json: unknown }> {
  const { jar } = site.visitor({ cart: ["tea"], _user: "ada" });
  const browser = new Browser(site.open(map, { options }), jar);
  const { json } = await browser.visit(show);
  return { browser, json };
}

describe("what the application refuses", () => {
  it("is left alone where its map says so", async () => {
    const { browser, json } = await outcome(() => undefined);
    expect(json).toMatchObject({ user: null });
    expect([...browser.jar.keys()]).toEqual(["toy"]);
    expect([site.rows.rows.size, site.rows.calls]).toEqual([1, ["read"]]);
    expect(site.errors).toEqual([]);
  });

  it.each([
    [
      "a map that throws",
      () => {
        throw new TypeError("old.cart is undefined");
      },
      {},
      /old\.cart/,
    ],
    [
      "a value that cannot be kept",
      () => ({ data: { when: new Date() }, userId: "ada" }),
      {},
      /"when"/,
    ],
    [
      "more than there is room for",
      () => ({ data: { cart: "x".repeat(100) }, userId: "ada" }),
      { maxDataBytes: 50 },
      /maxDataBytes/,
    ],
    ["a user who is none", () => ({ data: {}, userId: "" }), {}, /userId/],
    ["a sign-in to come", () => ({ data: {}, userId: "ada", authenticatedAt: 9e15 }), {}, /past/],
    ["no data", () => ({ userId: "ada" }) as never, {}, /map must return an object/],
    ["a promise", (async () => ({ data: {} })) as never, {}, /map must return an object/],
    ["a slip", () => ({ data: {}, userID: "ada" }) as never, {}, /userID/],
  ] as const)(
    "leaves the old session, and is told by name: %s",
    async (_, map, options, message) => {
      const { browser, json } = await outcome(map, options);
      expect(json).toEqual({ user: null, values: {} });
      expect([...browser.jar.keys()]).toEqual(["toy"]);
      expect(site.rows.rows.size).toBe(1);
      expect(site.errors).toEqual([
        expect.objectContaining({ message: expect.stringMatching(message) }),
      ]);
    },
  );

  it("is what its schema does not accept", async () => {
    const schema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value: { readonly cart?: unknown }) =>
          value.cart === undefined || Array.isArray(value.cart)
            ? { value: { cart: [], ...value } }
            : { issues: [{ message: "no list", path: ["cart"] }] },
      },
    };
    await outcome(() => ({ data: { cart: "tea" }, userId: "ada" }), { schema });
    expect(site.errors).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/"cart".*no list/) }),
    ]);
  });

  it("is an old session that is older than its own absolute timeout", async () => {
    const { jar } = site.visitor({ _user: "ada" });
    site.now += DAY_MS / 2;
    const browser = new Browser(
      site.open(({ userId, writtenAt }) => ({
        data: {},
        userId,
        persistent: false,
        createdAt: writtenAt,
      })),
      jar,
    );
    expect((await browser.visit(show)).json).toMatchObject({ user: null });
    expect(site.told).toEqual(["rejected expired"]);
  });
});

describe("a cookie that somebody has made up", () => {
  const heard = heardWarnings();

  it("is refused without a word of the application's key", async () => {
    const adopt = [flaskCookie({ secretKey: "secret", map: usual })];
    const browser = new Browser(site.open(usual, { options: { adopt } }), [["session", "a.b.c"]]);
    await browser.visit(show);
    await new Promise((resume) => setImmediate(resume));
    expect([site.told, heard()]).toEqual([["rejected altered"], []]);
  });
});

describe("all of a user's sessions that end here", () => {
  it("take the adopted one along", async () => {
    const browser = site.visitor({ _user: "ada" });
    await browser.visit(show);
    expect(await site.open().revokeAll({ userId: "ada" })).toBe(1);
    expect((await browser.visit(show)).json).toMatchObject({ user: null });
  });

  it.each(["kept", "whole"])("take old ones along that come later: %s", async (which) => {
    const document = { _user: "ada" };
    const browser = which === "kept" ? site.visitor(document) : site.carrier(document);
    site.now += 60_000;
    await site.open().revokeAll({ userId: "ada" });
    expect((await browser.visit(show)).json).toMatchObject({ user: null });
    expect([browser.jar.size, site.rows.rows.size]).toEqual([0, 0]);
    expect(site.told).toEqual(["rejected revoked"]);
  });

  it("take old ones along however much longer they live than ours can", async () => {
    const manager = site.open(usual, { options: { persistent: "1d" } });
    const browser = new Browser(manager, site.visitor({ _user: "ada" }).jar);
    const [row] = site.rows.rows.values();
    if (row === undefined) throw new Error("no row");
    site.rows.rows.set(KEY, { ...row, endsAt: site.now + 365 * DAY_MS });
    site.now += 60_000;
    await manager.revokeAll({ userId: "ada" });
    site.now += 300 * DAY_MS;
    await manager.deleteExpired();
    expect((await browser.visit(show)).json).toMatchObject({ user: null });
    expect(site.told).toEqual(["rejected revoked"]);
  });

  it("leave one alone that was written since", async () => {
    await site.open().revokeAll({ userId: "ada" });
    site.now += 60_000;
    const browser = site.visitor({ _user: "ada" });
    expect((await browser.visit(show)).json).toMatchObject({ user: "ada" });
  });

  it("do not miss one that is adopted at the same moment", async () => {
    const browser = site.visitor({ _user: "ada" });
    const ender = site.open();
    const { create } = site.store;
    site.now += 1;
    site.store.create = async (record, call) => {
      const outcome = await create.call(site.store, record, call);
      site.store.create = create;
      // The index of users may not know it yet; the generation does.
      await site.store.directory?.raiseGeneration({ manager: "sid", userId: "ada" }, call);
      return outcome;
    };
    expect((await browser.visit(show)).json).toMatchObject({ user: null });
    expect(await ender.list({ userId: "ada" })).toEqual([]);
  });
});

describe("options", () => {
  const rows = new ToyRows();
  const old = adoptable(toySessions(rows), { map: usual, secret: "secret" });

  it.each([
    [{ adopt: old as never }, /^adopt: .*list/],
    [{ adopt: [{}] as never }, /^adopt: .*list/],
    [
      { adopt: [old], name: "toy" },
      /^name: "toy" is the old cookie's name, and ours in development/,
    ],
    [
      { adopt: [old], name: "toy", cookie: { prefix: "" } },
      /^name: "toy" is the old cookie's name\./,
    ],
    [
      {
        adopt: [old],
        store: cookieCache(memoryStore(), { maxStaleness: "30s" }) as never,
        keys: ["k".repeat(43)],
      },
      /^adopt: needs/,
    ],
    [{ adopt: [old], store: sharedStore(toySessions(rows)) as never }, /^adopt: needs/],
  ] as const)("are refused by name: %#", (options, message) => {
    expect(() => createSessions({ store: memoryStore(), ...options } as never)).toThrow(message);
  });

  it.each([
    [{ map: undefined as never, secret: "secret" }, /^map: /],
    [{ map: usual, secret: "" }, /^secret: /],
  ])("of the old sessions are refused by name: %#", (options, message) => {
    expect(() => adoptable(toySessions(rows), options)).toThrow(message);
  });

  it("try several in their order, and report what is no session of the first", async () => {
    const { jar } = site.carrier({ cart: ["milk"], _user: "ada" });
    const whole = adoptable(toySessions(site.rows, { cookieName: "toy", ...WHOLE.sessions }), {
      map: usual,
      secret: "secret",
    });
    const kept = adoptable(toySessions(site.rows), { map: usual, secret: "secret" });
    const browser = new Browser(site.open(usual, { options: { adopt: [kept, whole] } }), jar);
    expect((await browser.visit(show)).json).toMatchObject({ user: "ada" });
    expect(site.told).toEqual(["rejected malformed", "created ada"]);
    expect([...browser.jar.keys()]).toEqual([OURS]);
  });
});
