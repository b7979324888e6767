import { beforeEach, describe, expect, it } from "vitest";
import {
  createSessions,
  OptionsError,
  type Session,
  type Sessions,
  type Untyped,
} from "../../../src/index.ts";
import { FlaskCookies } from "../../../src/interop/flask/flask-cookies.ts";
import { type FlaskOptions, flaskSessions } from "../../../src/interop/flask/index.ts";
import { PyDict, PyFloat, type PyValue } from "../../../src/interop/python/values.ts";
import { Browser } from "../../laws/support/browser.ts";

const SECRET = "a secret of Flask's";
const START = 1_700_000_000_000;
const DAY_MS = 86_400_000;
const flask = new FlaskCookies({ secretKey: SECRET });

let now: number;
let sessions: Sessions<Untyped>;
let browser: Browser;
let rejections: string[];
beforeEach(() => {
  now = START;
  open();
});

function open(options: Partial<FlaskOptions> = {}): void {
  sessions = createSessions({
    store: flaskSessions({ secretKey: SECRET, ...options }),
    clock: { now: () => now },
    onError: () => undefined,
  });
  rejections = [];
  sessions.on("rejected", ({ reason }) => rejections.push(reason));
  browser = new Browser(sessions);
}

function brought(entries: readonly (readonly [string, PyValue])[], by = flask): void {
  const written = by.write(new PyDict(entries), now);
  if (written.ok) browser.jar.set("session", written.cookie);
}

function found(): unknown {
  const reading = flask.read(browser.jar.get("session") ?? "", { now });
  return reading.ok && Object.fromEntries(reading.session.entries as [string, PyValue][]);
}

const keys = (session: Session<Untyped>): unknown => [...session.entries()].map(([key]) => key);

describe("a session in Flask's cookie", () => {
  it("is of nobody's when its lifetime is over, permanent or not", async () => {
    brought([["a", 1]]);
    now += 31 * DAY_MS - 1_000;
    expect((await browser.visit(keys)).json).toEqual(["a"]);
    now += 2_000;
    expect((await browser.visit(keys)).json).toEqual([]);
    expect(rejections).toEqual(["expired"]);
  });

  it.each([
    ["altered", (cookie: string) => `x${cookie}`],
    ["malformed", () => "nonsense"],
  ])("is %s where somebody else made it", async (reason, change) => {
    brought([["a", 1]]);
    browser.jar.set("session", change(browser.jar.get("session") ?? ""));
    expect((await browser.visit(keys)).json).toEqual([]);
    expect(rejections).toEqual([reason]);
  });

  it("is nobody's while its time has not come", async () => {
    brought([["a", 1]]);
    now -= 2_000;
    expect((await browser.visit(keys)).json).toEqual([]);
    expect(rejections).toEqual(["expired"]);
  });

  it("that says nothing of permanence is sent after a change alone", async () => {
    brought([["a", 1]]);
    now += 30 * DAY_MS;
    expect((await browser.visit(keys)).cookies).toEqual([]);
    const { cookies } = await browser.visit((session) => session.set("a", 2));
    expect(cookies).toEqual([expect.not.stringMatching(/Max-Age|Expires/)]);
  });

  it("that is permanent is renewed by visits, unless Flask does not either", async () => {
    brought([["_permanent", true]]);
    now += 4 * DAY_MS;
    expect((await browser.visit(keys)).cookies).toEqual([expect.stringMatching(/Max-Age=2678400/)]);
    open({ sessionRefreshEachRequest: false });
    brought([["_permanent", true]]);
    now += 4 * DAY_MS;
    expect((await browser.visit(keys)).cookies).toEqual([]);
  });

  it("is kept by the browser on request, and no more", async () => {
    await browser.visit((session) => session.set("a", 1));
    const kept = await browser.visit((session) => {
      session.persistent = true;
    });
    expect(kept.cookies).toEqual([expect.stringMatching(/Max-Age=2678400/)]);
    expect(found()).toMatchObject({ a: 1, _permanent: true });
  });

  it("goes with the last of its values", async () => {
    brought([["a", 1]]);
    const { cookies } = await browser.visit((session) => session.delete("a"));
    expect(cookies).toEqual([expect.stringMatching(/^session=; .*Max-Age=0/)]);
  });

  it("is read under a key that Flask still takes, and signed with the newest", async () => {
    open({ secretKey: "new", secretKeyFallbacks: [SECRET] });
    brought([["a", 1]]);
    await browser.visit((session) => session.set("b", 2));
    const current = new FlaskCookies({ secretKey: "new" });
    expect(current.read(browser.jar.get("session") ?? "", { now })).toMatchObject({ ok: true });
  });

  it("keeps what no JSON of ours would", async () => {
    const long = 2n ** 70n;
    brought([
      ["float", new PyFloat(1)],
      ["long", long],
      ["$tag", 1],
    ]);
    await browser.visit((session) => session.set("a", 1));
    expect(found()).toEqual({ $tag: 1, a: 1, float: new PyFloat(1), long });
  });

  it("refuses by name what Flask would not read back", async () => {
    const at = { $date: "2026-11-27" };
    const answer = await browser.visit((session) => session.set("day", at));
    expect([answer.status, answer.cookies]).toEqual([500, []]);
  });
});

it.each([
  [{ secretKey: "" }, "flaskSessions.secretKey"],
  [{ secretKeyFallbacks: [1] }, "flaskSessions.secretKeyFallbacks[0]"],
  [{ sessionCookieName: "" }, "flaskSessions.sessionCookieName"],
  [{ permanentSessionLifetime: "soon" }, "flaskSessions.permanentSessionLifetime"],
  [{ sessionRefreshEachRequest: "yes" }, "flaskSessions.sessionRefreshEachRequest"],
  [{ SECRET_KEY: SECRET }, "flaskSessions.SECRET_KEY"],
  [{ factsKey: false, absoluteTimeout: "1d" }, "flaskSessions.absoluteTimeout"],
  [{ absoluteTimeout: 0 }, "flaskSessions.absoluteTimeout"],
  [{ signsWith: "any" }, "flaskSessions.signsWith"],
])("the options %o are refused by name", (options, option) => {
  const make = (): unknown => flaskSessions({ secretKey: SECRET, ...(options as object) });
  expect(make).toThrow(OptionsError);
  expect(make).toThrow(option);
});
