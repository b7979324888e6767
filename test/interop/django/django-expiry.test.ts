import { beforeEach, describe, expect, it } from "vitest";
import { PyFloat, type PyValue } from "../../../src/interop/python/values.ts";
import { DAY_MS, DjangoTable, KEY } from "../support/django-table.ts";

let table: DjangoTable;
beforeEach(() => {
  table = new DjangoTable();
});

const change = async (given: Parameters<DjangoTable["browser"]>[0] = {}): Promise<string> => {
  const { cookies } = await table.browser(given).visit((session) => session.set("a", 1));
  return cookies.join();
};
const livesMs = (): number => (table.found()?.endsAt ?? 0) - table.now;

describe("a write here", () => {
  it.each<[string, PyValue, number, RegExp]>([
    ["nothing of its end", null, 14 * DAY_MS, /Max-Age=1209600/],
    ["so many seconds", 600, 600_000, /Max-Age=600/],
    ["a part of a second", new PyFloat(1.5), 1_500, /Max-Age=[12];/],
    ["that the browser's end is its own", 0, 14 * DAY_MS, /^(?!.*Max-Age)/],
    ["a date", "2026-02-01T12:00:00+00:00", DAY_MS, /Max-Age=86400/],
    ["a date elsewhere", "2026-02-01T13:00:00.250000+01:00", DAY_MS + 250, /Max-Age=8640/],
    ["a date far off", "2046-01-31T12:00:00+00:00", 7_305 * DAY_MS, /Max-Age=/],
    ["what nobody understands", ["x"], 14 * DAY_MS, /Max-Age=1209600/],
  ])("keeps alive, as Django does, a session that says %s", async (_, said, ms, cookie) => {
    table.put({ _session_expiry: said });
    expect(await change()).toMatch(cookie);
    expect(livesMs()).toBe(ms);
    expect(table.found()?.values["_session_expiry"]).toEqual(said);
  });

  it("does not move a date that the session says of its end", async () => {
    table.put({ _session_expiry: "2026-02-01T12:00:00+00:00" });
    table.now += DAY_MS / 2;
    await change();
    expect(livesMs()).toBe(DAY_MS / 2);
  });

  it("goes by the project's settings", async () => {
    table.put({});
    const cookie = await change({ sessionCookieAge: "1h", sessionExpireAtBrowserClose: true });
    expect(livesMs()).toBe(3_600_000);
    expect(cookie).not.toContain("Max-Age");
  });

  it("lets the browser keep what the project's settings would not, where that is wished", async () => {
    table.put({});
    const browser = table.browser({ sessionExpireAtBrowserClose: true, sessionCookieAge: "1h" });
    const { cookies } = await browser.visit((session) => {
      session.persistent = true;
    });
    expect(cookies.join()).toContain("Max-Age=3600");
    expect(table.found()?.values).toEqual({ _session_expiry: 3_600 });
  });

  it("ends with our own limit, where that is earlier", async () => {
    const browser = table.browser({ absoluteTimeout: "1d" });
    browser.jar.clear();
    await browser.visit((session) => session.set("a", 1));
    table.now += DAY_MS / 2;
    await browser.visit((session) => session.set("a", 2));
    const { endsAt = 0 } = table.found(browser.jar.get("sessionid")) ?? {};
    expect(endsAt - table.now).toBe(DAY_MS / 2);
  });
});

describe("a visit that changes nothing", () => {
  beforeEach(() => {
    table.put({ a: 1 });
    table.now += DAY_MS;
  });

  it("leaves the row as it is", async () => {
    const before = table.found();
    const { cookies } = await table.browser().visit((session) => session.get("a"));
    expect(table.found()).toEqual(before);
    expect(cookies).toEqual([]);
  });

  it("moves its end, once in a tenth of the time, where the project saves every request", async () => {
    const soon = table.found();
    await table.browser({ sessionSaveEveryRequest: true }).visit((session) => session.get("a"));
    expect(table.found()).toEqual(soon);
    table.now += DAY_MS;
    const browser = table.browser({ sessionSaveEveryRequest: true });
    const { cookies } = await browser.visit((session) => session.get("a"));
    expect(livesMs()).toBe(14 * DAY_MS);
    expect(cookies.join()).toContain("Max-Age=1209600");
  });
});

it("is gone the moment its expire_date comes", async () => {
  table.put({ a: 1 });
  const browser = table.browser();
  table.now += 14 * DAY_MS - 1;
  expect((await browser.visit((session) => session.get("a"))).json).toBe(1);
  table.now += 1;
  expect((await browser.visit((session) => session.get("a") ?? null)).json).toBe(null);
  expect(table.found(KEY)).toBeDefined();
});
