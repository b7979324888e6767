import { beforeEach, describe, expect, it } from "vitest";
import {
  createSessions,
  memoryStore,
  type Session,
  type Sessions,
  type Untyped,
} from "../../../src/index.ts";
import { FlaskCookies } from "../../../src/interop/flask/flask-cookies.ts";
import { type FlaskCookieOptions, flaskCookie } from "../../../src/interop/flask/index.ts";
import { PyDict, PyTuple, type PyValue } from "../../../src/interop/python/values.ts";
import { Browser } from "../../laws/support/browser.ts";

const SECRET = "a secret of Flask's";
const START = 1_700_000_000_000;
const DAY_MS = 86_400_000;
const flask = new FlaskCookies({ secretKey: SECRET });

let now: number;
let sessions: Sessions<Untyped>;
let told: string[];
beforeEach(() => {
  now = START;
  told = [];
  sessions = open();
});

function open(given: Partial<FlaskCookieOptions<Untyped>> = {}): Sessions<Untyped> {
  const manager = createSessions<Untyped>({
    name: "sid",
    store: memoryStore(),
    adopt: [
      flaskCookie<Untyped>({
        secretKey: SECRET,
        map: ({ values, userId }) => ({ data: { ...values }, userId }),
        ...given,
      }),
    ],
    clock: { now: () => now },
    onError: (error) => told.push(error.message),
  });
  manager.on("rejected", ({ reason }) => told.push(reason));
  return manager;
}

function visitor(entries: readonly (readonly [string, PyValue])[], by = flask): Browser {
  const written = by.write(new PyDict(entries), now);
  if (!written.ok) throw new Error("Flask cannot write this.");
  return new Browser(sessions, [["session", written.cookie]]);
}

const show = (session: Session<Untyped>): unknown => ({
  user: session.userId ?? null,
  values: Object.fromEntries(session.entries()),
  messages: session.takeAll("info"),
});

describe("a session of Flask's", () => {
  it("goes on with its user, its values and its messages", async () => {
    const browser = visitor([
      ["_user_id", "7"],
      ["_fresh", true],
      ["cart", new PyTuple(["tea", 2])],
      ["_flashes", [new PyTuple(["info", "Saved."])]],
    ]);
    const { json, cookies } = await browser.visit(show);
    expect(json).toEqual({ user: "7", values: { cart: ["tea", 2] }, messages: ["Saved."] });
    expect([...browser.jar.keys()]).toEqual(["__Host-Http-sid"]);
    expect(cookies).toContainEqual(expect.stringMatching(/^session=; Max-Age=0; Path=\/; /));
    expect((await browser.visit(show)).json).toMatchObject({ user: "7", messages: [] });
  });

  it("does not come back after the sign-out, however its signature is spelt", async () => {
    const browser = visitor([["_user_id", "7"]]);
    const cookie = browser.jar.get("session") ?? "";
    await browser.visit((session) => session.signOut());
    now += 3_600_000;
    // The last letter of a signature of 20 bytes has bits to spare.
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = letters.indexOf(cookie.at(-1) ?? "");
    const spelt = [1, 2, 3].map((more) => cookie.slice(0, -1) + letters[(last & ~3) + more]);
    for (const text of [cookie, ...spelt, `${cookie}=`]) {
      const again = new Browser(sessions, [["session", text]]);
      expect((await again.visit(show)).json).toMatchObject({ user: null });
    }
  });

  it("that is too old, or signed with another key, is told so, and stays in the browser", async () => {
    const old = visitor([["_user_id", "7"]]);
    now += 31 * DAY_MS + 1_000;
    await old.visit(show);
    const strange = visitor([["_user_id", "7"]], new FlaskCookies({ secretKey: "another" }));
    expect((await strange.visit(show)).json).toMatchObject({ user: null });
    expect(told).toEqual(["expired", "altered"]);
    expect([old.jar.has("session"), strange.jar.has("session")]).toEqual([true, true]);
  });
});

it("the old cookie is forgotten where it lies", async () => {
  sessions = open({ sessionCookiePlace: { domain: "localhost.example", path: "/shop" } });
  const { cookies } = await visitor([["_user_id", "7"]]).visit(show);
  expect(cookies).toContainEqual(
    expect.stringMatching(/^session=; (?=.*Path=\/shop)(?=.*Domain=localhost\.example)/),
  );
});

it("options are refused by name", () => {
  expect(() => open({ secretKey: "" })).toThrow(/^flaskCookie\.secretKey/);
  expect(() => open({ map: undefined as never })).toThrow(/^flaskCookie\.map/);
  expect(() => open({ adoptionSecret: "" })).toThrow(/^flaskCookie\.adoptionSecret/);
  expect(() => open({ sessionLifetime: "1d" } as never)).toThrow(/^flaskCookie\.sessionLifetime/);
});
