import { beforeEach, expect, it } from "vitest";
import { createSessions } from "../../../src/index.ts";
import { DjangoSignedCookies } from "../../../src/interop/django/django-signed-cookies.ts";
import { djangoSessions } from "../../../src/interop/django/index.ts";
import { PyDict, type PyValue } from "../../../src/interop/python/values.ts";
import { Browser } from "../../laws/support/browser.ts";

const START = Date.UTC(2026, 0, 31, 12);
const DAY_MS = 86_400_000;
const secretKey = "secret";

let now: number;
let browser: Browser;
let rejected: string[];
beforeEach(() => {
  now = START;
  rejected = [];
  const passwordOf = async (): Promise<undefined> => undefined;
  const store = djangoSessions({ engine: "signed_cookies", secretKey, passwordOf });
  const sessions = createSessions({ store, clock: { now: () => now } });
  sessions.on("rejected", ({ reason }) => rejected.push(reason));
  browser = new Browser(sessions);
});

function bring(values: Readonly<Record<string, PyValue>>): void {
  const written = new DjangoSignedCookies({ secretKey }).write(
    new PyDict(Object.entries(values)),
    START,
  );
  browser.jar.set("sessionid", written.ok ? written.text : "");
}

const a = async (): Promise<unknown> =>
  (await browser.visit((session) => session.get("a") ?? null)).json;

it("a cookie lives for SESSION_COOKIE_AGE, and a part of a second is too much", async () => {
  bring({ a: 1 });
  now = START + 14 * DAY_MS - 1;
  expect(await a()).toBe(1);
  now = START + 14 * DAY_MS + 1;
  expect(await a()).toBe(null);
  expect(rejected).toEqual(["expired"]);
});

it("a cookie that says a longer time lives no longer, and one that says a shorter ends then", async () => {
  bring({ a: 1, _session_expiry: 30 * 86_400 });
  now = START + 14 * DAY_MS + 1;
  expect(await a()).toBe(null);
  now = START + 599_000;
  bring({ a: 1, _session_expiry: 600 });
  expect(await a()).toBe(1);
  now = START + 600_000;
  expect(await a()).toBe(null);
});

it.each([
  ["altered", (text: string) => `${text.slice(0, -1)}${text.endsWith("A") ? "B" : "A"}`],
  ["malformed", () => "nonsense"],
])("a cookie is rejected as %s", async (reason, alter) => {
  bring({ a: 1 });
  browser.jar.set("sessionid", alter(String(browser.jar.get("sessionid"))));
  expect(await a()).toBe(null);
  expect(rejected).toEqual([reason]);
});
