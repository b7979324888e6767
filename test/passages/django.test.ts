import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pooledRandom } from "../../src/core/environment.ts";
import type { Rejection } from "../../src/core/events.ts";
import { SessionManager } from "../../src/core/manager.ts";
import { resolveSettings } from "../../src/core/options.ts";
import { handle } from "../../src/frameworks/web.ts";
import type { Session, Untyped } from "../../src/index.ts";
import { Browser } from "../laws/support/browser.ts";
import { DjangoCarrier } from "./support/django-passage.ts";
import { DjangoSigner } from "./support/django-signing.ts";
import { DjangoSite } from "./support/django-site.ts";
import { DjangoStore } from "./support/django-store.ts";

const NOBODY = { user: null, values: {} };

let site: DjangoSite;
let database: DatabaseSync;
beforeAll(async () => {
  site = await DjangoSite.start();
  database = new DatabaseSync(site.database, { timeout: 5_000 });
});
afterAll(async () => {
  database?.close();
  await site?.stop();
});

function manager(): SessionManager<Untyped> {
  const settings = resolveSettings({ name: "django", idleTimeout: "14d", absoluteTimeout: "14d" });
  const environment = {
    now: Date.now,
    random: pooledRandom(),
    development: undefined,
    notice: () => undefined,
    report: () => false,
  };
  const tables = { database, signer: new DjangoSigner(site.secret), manager: settings.name };
  return new SessionManager<Untyped>({
    settings,
    store: new DjangoStore(tables),
    carrier: new DjangoCarrier(tables, environment),
    environment,
    handle,
  });
}

let sessions: SessionManager<Untyped>;
let browser: Browser;
let rejected: Rejection[];
beforeEach(() => {
  sessions = manager();
  browser = new Browser(sessions);
  rejected = [];
  sessions.on("rejected", ({ reason }) => rejected.push(reason));
});
afterEach(() => sessions.close());

const key = (): string => String(browser.jar.get("sessionid"));

function rowOf(key: string): Record<string, unknown> | undefined {
  const sql = `
    SELECT session_data AS data, unixepoch(expire_date) AS ends FROM django_session
    WHERE session_key = ?`;
  return database.prepare(sql).get(key);
}

const dataOf = (key: string): string => String(rowOf(key)?.["data"]);

function store(key: string, data: string): void {
  database
    .prepare("UPDATE django_session SET session_data = ? WHERE session_key = ?")
    .run(data, key);
}

const swapped = (_: string, front: string, letter: string): string =>
  front + (letter === "A" ? "B" : "A");

function show(session: Session<Untyped>): unknown {
  const { userId, isEnded } = session;
  const values = [...session.entries()].filter(([key]) => !key.startsWith("_"));
  return { userId: userId ?? null, isEnded, values: Object.fromEntries(values) };
}

describe("a session that Django has signed in", () => {
  beforeEach(async () => {
    await site.login(browser.jar, "ada");
    await site.ask(browser.jar, "/change", { theme: "dark", visits: 3 });
  });

  it("opens here, with its user and values", async () => {
    const { json, cookies } = await browser.visit(show);
    expect(json).toEqual({ userId: "1", isEnded: false, values: { theme: "dark", visits: 3 } });
    expect(cookies).toEqual([]);
  });

  it("ends when Django says so, and is kept by the browser until then", async () => {
    const { json } = await browser.visit(({ expiresAt, persistent }) => ({
      expiresAt,
      persistent,
    }));
    expect(json).toMatchObject({ persistent: true });
    const { expiresAt } = json as { expiresAt: number };
    expect(Math.floor(expiresAt / 1_000)).toBe(rowOf(key())?.["ends"]);
  });

  it("has an id that is not its key, and no event tells that", async () => {
    const told: unknown[] = [];
    for (const name of ["signedOut", "rejected", "regenerated"] as const) {
      sessions.on(name, (event) => told.push(event));
    }
    const before = key();
    const { json: id } = await browser.visit((session) => session.id);
    expect(id).toMatch(/^s_[\w-]{43}$/);
    await browser.visit((session) => session.regenerate());
    const after = key();
    await browser.copy().visit((session) => session.signOut());
    await browser.visit((session) => session.id);
    expect(told).toHaveLength(3);
    expect(JSON.stringify(told)).not.toMatch(new RegExp(`${before}|${after}`));
  });

  it("shows Django what is changed here, of whatever letters and length", async () => {
    const value = {
      name: "Zoë \u{1f600} \u2028 \u007f",
      list: Array.from({ length: 500 }, (_, n) => n),
    };
    const { cookies } = await browser.visit((session) => {
      session.set("cart", value);
      session.delete("theme");
    });
    expect(cookies).toEqual([]);
    const shown = { user: "ada", values: { cart: value, visits: 3 } };
    expect(await site.ask(browser.jar)).toEqual(shown);
    expect((await browser.visit(show)).json).toMatchObject({ userId: "1", values: shown.values });
  });

  it("keeps what Django writes while a request here changes it too", async () => {
    const conflicts: unknown[] = [];
    sessions.on("conflict", (event) => conflicts.push(event));
    await browser.visit(async (session) => {
      session.set("here", 1);
      await site.ask(browser.jar, "/change", { there: 2, theme: "light" });
    });
    expect(conflicts).toHaveLength(1);
    const values = { theme: "light", visits: 3, here: 1, there: 2 };
    expect(await site.ask(browser.jar)).toEqual({ user: "ada", values });
  });

  it("counts every one of many updates, here and there", async () => {
    const both = [manager(), manager()].map((each) => browser.copy(each));
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        both[n % 2]?.visit((session) => session.update("visits", (visits) => visits + 1)),
      ),
    );
    expect(await site.ask(browser.jar)).toMatchObject({ values: { visits: 23 } });
  });

  it("ends here for Django too, and the browser forgets its key", async () => {
    const [ended, copy] = [key(), browser.copy()];
    const { cookies } = await browser.visit((session) => session.signOut());
    expect(cookies).toEqual([expect.stringMatching(/^sessionid=; Path=\/; .*Max-Age=0/)]);
    expect(browser.jar.has("sessionid")).toBe(false);
    expect((await copy.visit(show)).json).toMatchObject({ userId: null, values: {} });
    expect(await site.ask(copy.jar)).toEqual(NOBODY);
    expect(rowOf(ended)).toBeUndefined();
  });

  it("that Django ends meanwhile takes no write any more", async () => {
    const answer = await browser.visit(async (session) => {
      session.set("late", true);
      await site.ask(new Map(browser.jar), "/logout", {});
    });
    expect(answer.status).toBe(409);
    expect(await site.ask(browser.jar)).toEqual(NOBODY);
  });

  it("goes on under a new key, and the old one leads nowhere", async () => {
    const old = new Map(browser.jar);
    await browser.visit((session) => session.regenerate());
    expect(key()).toMatch(/^[a-z0-9]{32}$/);
    expect(await site.ask(browser.jar)).toMatchObject({ user: "ada", values: { theme: "dark" } });
    expect((await browser.visit(show)).json).toMatchObject({ userId: "1" });
    expect(await site.ask(old)).toEqual(NOBODY);
  });

  it("is not opened once its expire_date has passed", async () => {
    const jar = new Map(browser.jar);
    await site.ask(jar, "/expire", {});
    expect((await browser.visit(show)).json).toMatchObject({ userId: null, values: {} });
    expect(rejected).toEqual(["unknown"]);
    expect(await site.ask(browser.jar)).toEqual(NOBODY);
  });

  it.each<[string, (text: string) => string]>([
    ["a letter of its data", (text) => text.replace(/^(.{8})(.)/, swapped)],
    ["the time of its signature", (text) => text.replace(":", ":0")],
    ["a letter of its signature", (text) => text.replace(/(:.{8})(.)(?=[^:]+$)/, swapped)],
    ["a letter at its end", (text) => `${text}A`],
    ["all of it", () => "e30:1:x"],
  ])("is rejected, and left as it is, after a change of %s", async (_, alter) => {
    const before = key();
    const altered = alter(dataOf(before));
    store(before, altered);
    expect((await browser.visit(show)).json).toMatchObject({ userId: null, values: {} });
    expect(rejected).toEqual(["corrupt"]);
    expect(dataOf(before)).toBe(altered);
  });

  it("is not opened with the key of another form", async () => {
    browser.jar.set("sessionid", `${key()}'`);
    expect((await browser.visit(show)).json).toMatchObject({ userId: null });
    expect(rejected).toEqual(["malformed"]);
  });

  it("is not opened rather than changed where a number of Django's is too long", async () => {
    const signer = new DjangoSigner(site.secret);
    store(key(), signer.sign('{"n":9007199254740993}', Date.now()));
    expect(await site.ask(browser.jar)).toMatchObject({ user: null });
    await browser.visit(show);
    expect(rejected).toEqual(["corrupt"]);
  });
});

describe("a session that begins here", () => {
  it("is Django's too, with its values, once it has some", async () => {
    expect((await browser.visit((session) => session.get("cart") ?? null)).cookies).toEqual([]);
    await browser.visit((session) => session.set("cart", ["tea"]));
    expect(await site.ask(browser.jar)).toEqual({ user: null, values: { cart: ["tea"] } });
    await site.login(browser.jar, "bob");
    const values = { cart: ["tea"] };
    expect((await browser.visit(show)).json).toEqual({ userId: "2", isEnded: false, values });
  });

  it("is signed in there once it is here, and remembered if that is wished", async () => {
    const { cookies } = await browser.visit((session) => session.signIn("2", { persistent: true }));
    expect(cookies).toEqual([expect.stringMatching(/^sessionid=[a-z0-9]{32}; .*Max-Age=/)]);
    expect(await site.ask(browser.jar)).toEqual({ user: "bob", values: {} });
    expect((await browser.visit((session) => session.isFresh("1m"))).json).toBe(true);
  });

  it("of a user whom Django does not know does not begin", async () => {
    expect((await browser.visit((session) => session.signIn("3"))).status).toBe(503);
    expect(browser.jar.size).toBe(0);
  });
});

it("a new password at Django ends the session here", async () => {
  await site.login(browser.jar, "ada");
  await site.ask(new Map(), "/set-password", { password: "new" });
  expect((await browser.visit(show)).json).toMatchObject({ userId: null });
  expect(rejected).toEqual(["unknown"]);
  await site.ask(new Map(), "/set-password", { password: "ada's password" });
});
