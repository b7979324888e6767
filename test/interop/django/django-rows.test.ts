import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Rejection } from "../../../src/core/events.ts";
import type { Sessions, Untyped } from "../../../src/index.ts";
import type { Browser } from "../../laws/support/browser.ts";
import { DjangoWorld, shown } from "../support/django-world.ts";
import { SiteServers } from "../support/site-servers.ts";

const NOBODY = { userId: null, values: {} };
const servers = new SiteServers();
let world: DjangoWorld;
let database: DatabaseSync;
let sessions: Sessions<Untyped>;
let browser: Browser;
let rejected: Rejection[];
beforeAll(async () => {
  world = await DjangoWorld.start("Django on SQLite", servers, ({ folder }) => ({
    database: `${folder}/site.sqlite`,
  }));
  database = new DatabaseSync(`${world.site.folder}/site.sqlite`, { timeout: 5_000 });
});
afterAll(async () => {
  database?.close();
  await world?.site.stop();
});
beforeEach(async () => {
  sessions = world.open();
  browser = world.browser(sessions);
  rejected = [];
  sessions.on("rejected", ({ reason }) => rejected.push(reason));
  await world.site.login(browser.jar, "ada");
});
afterEach(() => sessions.close());

const key = (): string => String(browser.jar.get("sessionid"));

function rowOf(of: string): { readonly data: string; readonly ends: number } | undefined {
  const sql = `
    SELECT session_data AS data, unixepoch(expire_date) AS ends FROM django_session
    WHERE session_key = ?`;
  return database.prepare(sql).get(of) as ReturnType<typeof rowOf>;
}

const dataOf = (of: string): string => String(rowOf(of)?.data);

function store(of: string, data: string): void {
  database
    .prepare("UPDATE django_session SET session_data = ? WHERE session_key = ?")
    .run(data, of);
}

it("ends when Django says so, and is kept by the browser until then", async () => {
  const { json } = await browser.visit(({ expiresAt, persistent }) => ({ expiresAt, persistent }));
  expect(json).toMatchObject({ persistent: true });
  const { expiresAt } = json as { expiresAt: number };
  expect(Math.floor(expiresAt / 1_000)).toBe(rowOf(key())?.ends);
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

it("leaves no row behind where it signs out", async () => {
  const ended = key();
  await browser.visit((session) => session.signOut());
  expect(rowOf(ended)).toBeUndefined();
});

describe("a row that somebody has changed", () => {
  const swapped = (_: string, front: string, letter: string): string =>
    front + (letter === "A" ? "B" : "A");

  it.each<[string, (text: string) => string]>([
    ["a letter of its data", (text) => text.replace(/^(.{8})(.)/, swapped)],
    ["the time of its signature", (text) => text.replace(":", ":0")],
    ["a letter of its signature", (text) => text.replace(/(:.{8})(.)(?=[^:]+$)/, swapped)],
    ["a letter at its end", (text) => `${text}A`],
    ["all of it", () => "e30:1:x"],
  ])("is rejected, and left as it is: %s", async (_, alter) => {
    const altered = alter(dataOf(key()));
    store(key(), altered);
    const before = key();
    expect((await browser.visit(shown)).json).toEqual(NOBODY);
    expect(rejected).toEqual(["corrupt"]);
    expect(dataOf(before)).toBe(altered);
  });
});

it.each(["'", "0", "/../x"])("is not opened with a key of another form: %s", async (more) => {
  browser.jar.set("sessionid", `${key()}${more}`);
  expect((await browser.visit(shown)).json).toEqual(NOBODY);
  expect(rejected).toEqual(["malformed"]);
});

it("keeps what signs in here as long as it is wished", async () => {
  const { cookies } = await browser.visit((session) => session.signIn("2", { persistent: true }));
  expect(cookies).toEqual([expect.stringMatching(/^sessionid=[a-z0-9]{32}; .*Max-Age=1209600/)]);
});

it("is Django's until the browser closes where that is wished", async () => {
  const { cookies } = await browser.visit((session) => {
    session.persistent = false;
  });
  expect(cookies).toEqual([expect.not.stringMatching(/Max-Age|Expires/)]);
  expect((await world.site.odd(browser.jar)).all).toContain("'_session_expiry': 0");
});

it("is Django's again for its whole time where that is wished", async () => {
  await browser.visit((session) => {
    session.persistent = false;
  });
  await browser.visit((session) => {
    session.persistent = true;
  });
  expect((await world.site.odd(browser.jar)).all).not.toContain("_session_expiry");
});

it("signs out there whose password changes here", async () => {
  const after = world.browser(sessions);
  await after.visit((session) => session.signIn("2"));
  expect(await world.site.show(after.jar)).toMatchObject({ user: "bob" });
  const sql = "UPDATE auth_user SET password = 'md5$new$0' WHERE username = 'bob'";
  database.prepare(sql).run();
  expect(await world.site.show(new Map(after.jar))).toMatchObject({ user: null });
});

it("stays signed in there who signs in here again with a new password", async () => {
  const sql = "UPDATE auth_user SET password = 'md5$newer$0' WHERE username = 'ada'";
  await browser.visit(async (session) => {
    database.prepare(sql).run();
    await session.signIn("1");
  });
  expect(await world.site.show(browser.jar)).toMatchObject({ user: "ada" });
});
