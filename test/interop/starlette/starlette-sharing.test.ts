import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSessions, OptionsError, type Session, type Untyped } from "../../../src/index.ts";
import { type StarletteOptions, starletteSessions } from "../../../src/interop/starlette/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import type { Jar } from "../support/jar.ts";
import { PythonSite } from "../support/python-site.ts";
import { SiteServers } from "../support/site-servers.ts";

const DAY_MS = 86_400_000;

const show = (session: Session<Untyped>): unknown => ({
  user: session.userId ?? null,
  values: Object.fromEntries(session.entries()),
});

const servers = new SiteServers();
afterAll(() => servers.stop());

describe.each(["Starlette", "FastAPI"] as const)("a session shared with %s", (name) => {
  let site: PythonSite;
  let browser: Browser;
  let jar: Jar;
  beforeAll(async () => {
    site = await PythonSite.start(name, servers);
  });
  afterAll(() => site?.stop());
  beforeEach(() => {
    const store = starletteSessions({ secretKey: site.secret, userKey: "user" });
    browser = new Browser(createSessions({ store, onError: () => undefined }));
    jar = browser.jar;
  });

  it("is signed in on both sides, wherever that was done", async () => {
    await site.login(jar, "ada");
    await site.change(jar, { cart: ["tea"] });
    const expected = { user: "ada", values: { cart: ["tea"] } };
    expect((await browser.visit(show)).json).toEqual(expected);
    jar.clear();
    await browser.visit((session) => session.set("cart", ["tea"]));
    await browser.visit((session) => session.signIn("ada"));
    expect(await site.show(jar)).toEqual(expected);
  });

  it("takes what both write in turns", async () => {
    await site.change(jar, { there: 1 });
    await browser.visit((session) => session.set("here", 2));
    await site.append(jar, "list", "there");
    await browser.visit((session) => session.update("list", (list) => [...list, "here"]));
    const values = { there: 1, here: 2, list: ["there", "here"] };
    expect((await site.show(jar)).values).toEqual(values);
  });

  it("is signed out on both sides, wherever that was done", async () => {
    await browser.visit((session) => session.signIn("ada"));
    await site.logout(jar);
    expect((await browser.visit(show)).json).toMatchObject({ user: null });
    await site.login(jar, "ada");
    await browser.visit((session) => session.signOut());
    expect(jar.has("session")).toBe(false);
    expect(await site.show(jar)).toEqual({ user: null, values: {} });
  });

  it("keeps the values that JSON lacks", async () => {
    await site.storeOdd(jar);
    const { odd } = await site.odd(jar);
    await browser.visit((session) => session.set("other", 1));
    expect((await site.odd(jar)).odd).toBe(odd);
  });

  it("is over here when its time is over there", async () => {
    await site.login(jar, "ada");
    await site.expire(jar);
    expect((await browser.visit(show)).json).toEqual({ user: null, values: {} });
  });
});

describe("a session in Starlette's cookie", () => {
  let now: number;
  let browser: Browser;
  beforeEach(() => {
    now = 1_700_000_000_000;
    open();
  });

  function open(options: Partial<StarletteOptions> = {}): void {
    const store = starletteSessions({ secretKey: "a secret", ...options });
    const sessions = createSessions({ store, clock: { now: () => now }, onError: () => undefined });
    browser = new Browser(sessions);
  }

  it("lives for a fortnight from each visit, within a tenth of it", async () => {
    await browser.visit((session) => session.set("a", 1));
    now += 10 * DAY_MS;
    const { cookies } = await browser.visit(show);
    expect(cookies).toEqual([expect.stringMatching(/Max-Age=1209600/)]);
    now += 13 * DAY_MS;
    expect((await browser.visit(show)).json).toMatchObject({ values: { a: 1 } });
    now += 15 * DAY_MS;
    expect((await browser.visit(show)).json).toMatchObject({ values: {} });
  });

  it("is nobody's while its time has not come", async () => {
    await browser.visit((session) => session.set("a", 1));
    now -= 2_000;
    expect((await browser.visit(show)).json).toMatchObject({ values: {} });
  });

  it("lives from its last change, where that is Starlette's way", async () => {
    open({ renewal: "on-change" });
    await browser.visit((session) => session.set("a", 1));
    now += 10 * DAY_MS;
    expect((await browser.visit(show)).cookies).toEqual([]);
  });

  it("lives as long as the browser, where there is no max_age", async () => {
    open({ maxAge: false });
    const { cookies } = await browser.visit((session) => session.set("a", 1));
    expect(cookies).toEqual([expect.not.stringMatching(/Max-Age|Expires/)]);
    now += 3_000 * DAY_MS;
    expect((await browser.visit(show)).json).toMatchObject({ values: { a: 1 } });
  });

  it("knows its user by a number where the application does", async () => {
    open({ userIdAs: "int" });
    await browser.visit((session) => session.signIn("42"));
    const [payload = ""] = (browser.jar.get("session") ?? "").split(".");
    expect(Buffer.from(payload, "base64").toString()).toContain('"user_id": 42');
    expect((await browser.visit(show)).json).toMatchObject({ user: "42" });
    expect((await browser.visit((session) => session.signIn("eve"))).status).toBe(500);
  });

  it("keeps messages for a later visit", async () => {
    await browser.visit((session) => session.flash("info", "Saved"));
    expect((await browser.visit((session) => session.takeAll("info"))).json).toEqual(["Saved"]);
    expect((await browser.visit((session) => session.takeAll("info"))).json).toEqual([]);
  });
});

it.each([
  [{ secretKey: "" }, "starletteSessions.secretKey"],
  [{ sessionCookie: "" }, "starletteSessions.sessionCookie"],
  [{ maxAge: 0 }, "starletteSessions.maxAge"],
  [{ renewal: "never" }, "starletteSessions.renewal"],
  [{ userIdAs: "uuid" }, "starletteSessions.userIdAs"],
  [{ httpsOnly: true }, "starletteSessions.httpsOnly"],
])("the options %o are refused by name", (options, option) => {
  const make = (): unknown => starletteSessions({ secretKey: "a", ...(options as object) });
  expect(make).toThrow(OptionsError);
  expect(make).toThrow(option);
});
