import { beforeEach, describe, expect, it } from "vitest";
import { createSessions, OptionsError, type Session, type Untyped } from "../../../src/index.ts";
import {
  pycketSessions,
  type TornadoOptions,
  tornadoSessions,
} from "../../../src/interop/tornado/index.ts";
import { TornadoSigner } from "../../../src/interop/tornado/tornado-signer.ts";
import { Browser } from "../../laws/support/browser.ts";
import { vectorsOf } from "../support/vectors.ts";

const SECRET = "a secret of Tornado's";
const START = 1_700_000_000_000;
const DAY_MS = 86_400_000;
const signer = new TornadoSigner(SECRET);

let now: number;
let browser: Browser;
let rejections: string[];
beforeEach(() => {
  now = START;
  open();
});

function open(options: Partial<TornadoOptions> = {}): void {
  const store = tornadoSessions({ cookieSecret: SECRET, ...options });
  const clock = { now: () => now };
  const sessions = createSessions({ store, clock, onError: () => undefined });
  rejections = [];
  sessions.on("rejected", ({ reason }) => rejections.push(reason));
  browser = new Browser(sessions);
}

function found(): string | undefined {
  const reading = signer.read("user", browser.jar.get("user") ?? "", { now });
  return reading.ok ? reading.value.toString() : undefined;
}

const show = (session: Session<Untyped>): unknown => ({
  user: session.userId ?? null,
  values: Object.fromEntries(session.entries()),
});

describe("a cookie that holds the user, as in Tornado's documentation", () => {
  it("signs in and out", async () => {
    browser.jar.set("user", signer.write("user", "Zoë", now));
    expect((await browser.visit(show)).json).toEqual({ user: "Zoë", values: {} });
    const over = await browser.visit((session) => session.signOut());
    expect(over.cookies).toEqual([expect.stringMatching(/^user=; .*Max-Age=0/)]);
    const { cookies } = await browser.visit((session) => session.signIn("ada"));
    expect(cookies).toEqual([expect.stringMatching(/^user=2\|.*Max-Age=2592000/)]);
    expect(found()).toBe("ada");
  });

  it("refuses by name what it has no place for", async () => {
    await browser.visit((session) => session.signIn("ada"));
    const before = browser.jar.get("user");
    const data = await browser.visit((session) => session.set("cart", []));
    const message = await browser.visit((session) => session.flash("error", "No"));
    const label = await browser.visit((session) => {
      session.set("a", 1, { expiresIn: "1m" });
    });
    expect([data, message, label].map(({ status }) => status >= 500)).toEqual([true, true, true]);
    expect(browser.jar.get("user")).toBe(before);
  });

  it("is read for maxAgeDays, and not renewed by visits", async () => {
    await browser.visit((session) => session.signIn("ada"));
    now += 31 * DAY_MS - 1_000;
    const { json, cookies } = await browser.visit(show);
    expect([json, cookies]).toEqual([{ user: "ada", values: {} }, []]);
    now += 2_000;
    expect((await browser.visit(show)).json).toEqual({ user: null, values: {} });
    expect(rejections).toEqual(["expired"]);
  });

  it("is gone with the browser where cookieExpiresDays says so", async () => {
    open({ cookieExpiresDays: "untilClosed" });
    const { cookies } = await browser.visit((session) => session.signIn("ada"));
    expect(cookies).toEqual([expect.not.stringMatching(/Max-Age|Expires/)]);
  });
});

interface Encoded {
  readonly encode: readonly {
    readonly name: string;
    readonly value: unknown;
    readonly secret: unknown;
    readonly wire: string;
  }[];
}

describe("what Tornado signed", () => {
  const users = vectorsOf<Encoded>("tornado-pycket")
    .flatMap(({ encode }) => encode)
    .filter(({ name, value }) => name === "user" && typeof value === "string" && value !== "")
    .filter(({ secret }) => typeof secret === "string");

  it.each(users)("is a user here: $wire", async ({ secret, value, wire }) => {
    open({ cookieSecret: String(secret) });
    browser.jar.set("user", wire);
    expect((await browser.visit(show)).json).toEqual({ user: value, values: {} });
  });
});

describe("a cookie that holds JSON", () => {
  const JSON_COOKIE = { holds: "json", userKey: "name" } as const;

  it("is written as Python does, with what was not touched as it was", async () => {
    open({ ...JSON_COOKIE, factsKey: false });
    const text = '{"f": 1.0, "name": 7, "long": 1180591620717411303424, "\\u00eb": NaN}';
    browser.jar.set("user", signer.write("user", text, now));
    expect((await browser.visit((session) => session.userId)).json).toBe("7");
    await browser.visit((session) => session.set("a", ["x", { y: null }]));
    expect(found()).toBe(`${text.slice(0, -1)}, "a": ["x", {"y": null}]}`);
  });

  it("keeps what Tornado has no place for under one key", async () => {
    open({ ...JSON_COOKIE, absoluteTimeout: "1h" });
    await browser.visit((session) => session.signIn("ada"));
    expect(JSON.parse(found() ?? "")).toMatchObject({
      name: "ada",
      _sojourn: { authenticatedAt: START },
    });
    now += 3_600_001;
    expect((await browser.visit(show)).json).toEqual({ user: null, values: {} });
  });

  it("is nobody's where it is no JSON of a dict", async () => {
    open(JSON_COOKIE);
    for (const value of ["ada", "[1]", "{", '"{}"', `${"[".repeat(2_000)}`]) {
      browser.jar.set("user", signer.write("user", value, now));
      expect((await browser.visit(show)).json).toEqual({ user: null, values: {} });
    }
    expect(new Set(rejections)).toEqual(new Set(["corrupt"]));
  });

  it.each([
    ["altered", (text: string) => text.replace("|4:user|", "|4:usex|")],
    ["malformed", () => "nonsense"],
    ["malformed", () => "3|1:0|"],
    ["unknownKey", (text: string) => text.replace("|1:0|", "|1:1|")],
  ])("is %s where somebody else made it", async (reason, change) => {
    open({ ...JSON_COOKIE, cookieSecret: { 0: SECRET }, keyVersion: 0 });
    browser.jar.set("user", change(signer.write("user", '{"name": "ada"}', now)));
    expect((await browser.visit(show)).json).toEqual({ user: null, values: {} });
    expect(rejections).toEqual([reason]);
  });
});

const redis = { options: {} } as never;

it.each([
  [tornadoSessions, { cookieSecret: "" }, "tornadoSessions.cookieSecret"],
  [tornadoSessions, { cookieSecret: { 1: "a" } }, "tornadoSessions.keyVersion"],
  [tornadoSessions, { cookieSecret: { 1: "a" }, keyVersion: 2 }, "tornadoSessions.keyVersion"],
  [tornadoSessions, { cookieSecret: { a: "a" }, keyVersion: 1 }, "tornadoSessions.cookieSecret"],
  [tornadoSessions, { keyVersion: 1 }, "tornadoSessions.keyVersion"],
  [tornadoSessions, { minVersion: 3 }, "tornadoSessions.minVersion"],
  [tornadoSessions, { maxAgeDays: 0 }, "tornadoSessions.maxAgeDays"],
  [tornadoSessions, { cookieExpiresDays: "30d" }, "tornadoSessions.cookieExpiresDays"],
  [tornadoSessions, { holds: "pickle" }, "tornadoSessions.holds"],
  [tornadoSessions, { factsKey: "_s" }, "tornadoSessions.factsKey"],
  [tornadoSessions, { absoluteTimeout: "1d" }, "tornadoSessions.absoluteTimeout"],
  [tornadoSessions, { userKey: "" }, "tornadoSessions.userKey"],
  [tornadoSessions, { cookie_secret: "a" }, "tornadoSessions.cookie_secret"],
  [pycketSessions, {}, "pycketSessions"],
  [pycketSessions, { redis, memcached: "127.0.0.1" }, "pycketSessions"],
  [
    pycketSessions,
    { memcached: "127.0.0.1", notifications: redis },
    "pycketSessions.notifications",
  ],
  [pycketSessions, { memcached: "127.0.0.1", pickleProtocol: 6 }, "pycketSessions.pickleProtocol"],
  [pycketSessions, { memcached: "127.0.0.1", storage: {} }, "pycketSessions.storage"],
])("the options %#, %o, are refused by name", (share, options, option) => {
  const make = (): unknown =>
    (share as (options: object) => unknown)({ cookieSecret: SECRET, ...options });
  expect(make).toThrow(OptionsError);
  expect(make).toThrow(option);
});
