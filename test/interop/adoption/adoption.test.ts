import { beforeEach, describe, expect, it } from "vitest";
import type { Adopted, OldSession } from "../../../src/interop/adoption/old-session.ts";
import { Browser } from "../../laws/support/browser.ts";
import { DAY_MS, KEY, OldSite, OURS, START, show, usual, WHOLE } from "../support/old-site.ts";

const ADA = { user: "ada", values: { cart: ["tea"] } };
let site: OldSite;
beforeEach(() => {
  site = new OldSite();
});

describe("an old session that lies in a store", () => {
  let browser: Browser;
  beforeEach(() => {
    browser = site.visitor({ cart: ["tea"], _user: "ada" });
  });

  it("goes on as ours with the first request, and ends where it lay", async () => {
    const { json, cookies } = await browser.visit(show);
    expect(json).toEqual(ADA);
    expect(site.rows.rows.size).toBe(0);
    expect([...browser.jar.keys()]).toEqual([OURS]);
    expect(cookies).toContainEqual(expect.stringMatching(/^toy=; Max-Age=0; Path=\/; /));
    expect(site.told).toEqual(["created ada"]);
    expect((await browser.visit(show)).json).toEqual(ADA);
  });

  it("is asked for once: the next request costs what each of ours costs", async () => {
    await browser.visit(show);
    expect(site.rows.calls).toEqual(["read", "remove"]);
    await browser.visit(show);
    expect(site.rows.calls).toEqual(["read", "remove"]);
  });

  it("is one of the user's, signed in who knows when", async () => {
    await browser.visit(show);
    expect(await site.listed("ada")).toBe(1);
    const { json } = await browser.visit((session) => session.isFresh("1h"));
    expect(json).toBe(false);
  });

  it("becomes one session of ours, of many first requests in two processes", async () => {
    const copies = Array.from({ length: 8 }, () => browser.copy(site.open()));
    const answers = await Promise.all(copies.map((copy) => copy.visit(show)));
    expect(answers.map(({ json }) => json)).toEqual(copies.map(() => ADA));
    expect(new Set(copies.map(({ jar }) => jar.get(OURS))).size).toBe(1);
    expect(await site.listed("ada")).toBe(1);
    expect(site.told).toEqual(["created ada"]);
  });

  it("is found by whoever comes to its old place just after it was taken away", async () => {
    const late = browser.copy();
    const { rows } = site;
    const { read } = rows;
    rows.read = async (key, call) => {
      rows.read = read;
      await browser.visit(show);
      return read.call(rows, key, call);
    };
    expect((await late.visit(show)).json).toEqual(ADA);
    expect([...late.jar]).toEqual([...browser.jar]);
  });

  it("keeps what each of the first requests changes", async () => {
    const copies = Array.from({ length: 8 }, () => browser.copy(site.open()));
    await Promise.all(
      copies.map((copy) => copy.visit((s) => s.update("n", (n: number = 0) => n + 1))),
    );
    await browser.visit(() => undefined);
    expect((await browser.visit((s) => s.get("n"))).json).toBe(8);
  });

  it("is found by a late request, also where the answer with the new cookie was lost", async () => {
    const late = browser.copy();
    await browser.visit((session) => session.set("cart", ["milk"]));
    site.now += 3_600_000 / 4;
    expect((await late.visit(show)).json).toEqual({ user: "ada", values: { cart: ["milk"] } });
    expect([...late.jar]).toEqual([...browser.jar]);
    expect(await site.listed("ada")).toBe(1);
  });

  it("is not found by its old key for ever", async () => {
    const options = { idleTimeout: "30d", absoluteTimeout: "30d" };
    browser = new Browser(site.open(usual, { options }), browser.jar);
    const late = browser.copy();
    await browser.visit(show);
    site.now += DAY_MS;
    expect((await late.visit(show)).json).toMatchObject({ user: null });
    expect(late.jar.size).toBe(0);
    expect((await browser.visit(show)).json).toEqual(ADA);
  });

  it("does not come back after the sign-out", async () => {
    const late = browser.copy();
    await browser.visit((session) => session.signOut());
    expect(browser.jar.size).toBe(0);
    // Its old process writes it once more.
    site.visitor({ _user: "ada" });
    for (const later of [0, 60_000, 1_200_000]) {
      site.now += later;
      const again = late.copy();
      expect((await again.visit(show)).json).toMatchObject({ user: null });
      expect(again.jar.has("toy")).toBe(false);
    }
    expect(await site.listed("ada")).toBe(0);
  });

  it("signs out with ours where its cookie came later", async () => {
    await browser.visit(show);
    browser.jar.set("toy", "00000000-0000-4000-8000-000000000002");
    await browser.visit(show);
    expect(browser.jar.size).toBe(2);
    await browser.visit((session) => session.signOut());
    expect(browser.jar.size).toBe(0);
  });

  it.each(["signOut", "destroy"] as const)(
    "ends where it lies when the visitor leaves, though nobody has looked at it: %s",
    async (leave) => {
      const other = new Browser(site.open());
      await other.visit((session) => session.signIn("ada"));
      other.jar.set("toy", KEY);
      await other.visit((session) => session[leave]());
      expect([other.jar.size, site.rows.rows.size]).toEqual([0, 0]);
      expect((await browser.visit(show)).json).toMatchObject({ user: null });
    },
  );

  it("does not stand in the way of a sign-out where it cannot be ended, which is told", async () => {
    const other = new Browser(site.open());
    await other.visit((session) => session.signIn("ada"));
    other.jar.set("toy", KEY);
    site.rows.remove = () => Promise.reject(new Error("read-only"));
    expect((await other.visit((session) => session.signOut())).status).toBe(200);
    expect(other.jar.size).toBe(0);
    expect(site.errors).toEqual([expect.objectContaining({ operation: "end" })]);
  });

  it("leaves a live session of ours alone", async () => {
    const other = new Browser(site.open());
    await other.visit((session) => session.signIn("eve"));
    other.jar.set("toy", KEY);
    expect((await other.visit(show)).json).toEqual({ user: "eve", values: {} });
    expect(site.rows.rows.size).toBe(1);
    expect(site.rows.calls).toEqual([]);
  });

  it("takes the place of one of ours that has expired", async () => {
    const other = new Browser(site.open());
    await other.visit((session) => session.signIn("ada"));
    site.now += 1_800_001;
    other.jar.set("toy", KEY);
    expect((await other.visit(show)).json).toEqual(ADA);
    expect(other.jar.has("toy")).toBe(false);
  });

  it("cannot be opened by a token that is made of its key alone", async () => {
    const token = (await browser.visit(show)) && browser.jar.get(OURS);
    const other = new OldSite();
    const stranger = other.visitor({ _user: "ada" }, { secret: "another secret" });
    await stranger.visit(show);
    expect(stranger.jar.get(OURS)).not.toBe(token);
  });

  it("begins nothing where nobody has asked for it yet, and shows it", async () => {
    const { json, cookies } = await browser.visit(show, { headers: { "sec-purpose": "prefetch" } });
    expect([json, cookies]).toEqual([ADA, []]);
    const request = new Request("https://localhost/", { headers: { cookie: `toy=${KEY}` } });
    const view = await site.open().read(request);
    expect(view?.userId).toBe("ada");
    expect([site.rows.rows.size, await site.listed("ada"), site.told]).toEqual([1, 0, []]);
  });

  it("goes on under a new token when the user signs in, and late requests hear of the end", async () => {
    const late = browser.copy();
    await browser.visit((session) => session.signIn("ada"));
    expect((await browser.visit(show)).json).toEqual(ADA);
    expect((await late.visit(show)).json).toMatchObject({ user: null });
    expect(late.jar.has(OURS)).toBe(false);
  });

  it("is known in a copy of its request", async () => {
    const { json } = await browser.request(async (request) => {
      const copy = new Request(request);
      const session = await browser.sessions.open(copy);
      return Response.json(session.userId);
    });
    expect(json).toBe("ada");
  });
});

describe("an old session that is whole in its cookie", () => {
  const document = { cart: ["tea"], _user: "ada" };

  it("goes on as ours, of many first requests as one", async () => {
    const browser = site.carrier(document);
    const copies = Array.from({ length: 8 }, () => browser.copy(site.open(usual, WHOLE)));
    const answers = await Promise.all(copies.map((copy) => copy.visit(show)));
    expect(answers.map(({ json }) => json)).toEqual(copies.map(() => ADA));
    expect(new Set(copies.map(({ jar }) => [...jar].join())).size).toBe(1);
    expect(await site.listed("ada")).toBe(1);
  });

  it("does not come back after the sign-out, for as long as it could live", async () => {
    const browser = site.carrier(document);
    const late = browser.copy();
    await browser.visit(show);
    await browser.visit((session) => session.signOut());
    expect(browser.jar.size).toBe(0);
    site.now += DAY_MS - 1;
    expect((await late.visit(show)).json).toMatchObject({ user: null });
    site.now += 1;
    late.jar.set("toy", site.carrier(document).jar.get("toy") ?? "");
    expect((await late.visit(show)).json).toEqual(ADA);
  });

  it("of a visitor who is not signed in is nobody else's, were it letter by letter the same", async () => {
    const [one, other] = [site.carrier({ cart: [] }), site.carrier({ cart: [] })];
    await one.visit((session) => session.set("address", "12 Acacia Avenue"));
    expect((await other.visit(show)).json).toEqual({ user: null, values: { cart: [] } });
  });

  it("is told to have expired where it has, and stays", async () => {
    const browser = site.carrier(document);
    site.now += DAY_MS;
    expect((await browser.visit(show)).json).toMatchObject({ user: null });
    expect(site.told).toEqual(["rejected expired"]);
  });
});

describe("an application's words", () => {
  it("say when the user signed in, and from when the absolute clock counts", async () => {
    const { jar } = site.visitor({ _user: "ada" });
    site.now += 3_600_000;
    const browser = new Browser(
      site.open(({ userId, writtenAt }) => ({
        data: {},
        userId,
        authenticatedAt: writtenAt,
        createdAt: writtenAt,
      })),
      jar,
    );
    expect((await browser.visit((session) => session.isFresh("1h"))).json).toBe(false);
    expect((await browser.visit((session) => session.isFresh("2h"))).json).toBe(true);
    const [info] = await site.open().list({ userId: "ada" });
    expect(info?.createdAt).toBe(START);
  });

  it("may say of a clock that is ahead when the old session was written: it counts as now", async () => {
    site.now += 1000;
    const { jar } = site.visitor({ _user: "ada" });
    site.now -= 1000;
    const since = ({ userId, writtenAt }: OldSession): Adopted => ({
      data: {},
      userId,
      authenticatedAt: writtenAt,
      createdAt: writtenAt,
    });
    const browser = new Browser(site.open(since), jar);
    expect((await browser.visit(show)).json).toMatchObject({ user: "ada" });
    const [info] = await site.open().list({ userId: "ada" });
    expect([info?.createdAt, site.errors]).toEqual([START, []]);
  });
});
