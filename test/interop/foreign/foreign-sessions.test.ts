import { beforeEach, describe, expect, it } from "vitest";
import { createSessions, type Session, type Sessions, type Untyped } from "../../../src/index.ts";
import { sharedProfile } from "../../../src/interop/foreign/shared-profile.ts";
import { sharedStore } from "../../../src/interop/foreign/shared-store.ts";
import { Browser } from "../../laws/support/browser.ts";
import { COOKIE_FORMAT, ToyRows, toySessions } from "../support/toy.ts";

const KEY = "00000000-0000-4000-8000-000000000001";
const START = 1_700_000_000_000;

let rows: ToyRows;
let now: number;
let sessions: Sessions<Untyped>;
let browser: Browser;
beforeEach(() => {
  rows = new ToyRows();
  now = START;
  sessions = open();
  browser = new Browser(sessions, [["toy", KEY]]);
});

function open(given: Parameters<typeof toySessions>[1] = {}): Sessions<Untyped> {
  const store = sharedStore(toySessions(rows, given));
  return createSessions({ store, clock: { now: () => now }, onError: () => undefined });
}

function stored(document: object): void {
  const bytes = Buffer.from(`${now}:${JSON.stringify(document)}`);
  rows.rows.set(KEY, { bytes, endsAt: now + 86_400_000 });
}

function found(key = KEY): unknown {
  const text = Buffer.from(rows.rows.get(key)?.bytes ?? []).toString();
  return text === "" ? undefined : JSON.parse(text.slice(text.indexOf(":") + 1));
}

const show = (session: Session<Untyped>): unknown => ({
  user: session.userId ?? null,
  values: Object.fromEntries(session.entries()),
});

describe("a session that the other framework has begun", () => {
  beforeEach(() =>
    stored({ cart: ["tea"], _user: "ada", price: { $float: 1 }, at: { $tuple: [1] } }),
  );

  it("opens with its user and values, at the cost of one read", async () => {
    const { json, cookies } = await browser.visit(show);
    expect(json).toEqual({ user: "ada", values: { cart: ["tea"], price: 1, at: [1] } });
    expect(cookies).toEqual([]);
    expect(rows.calls).toEqual(["read"]);
  });

  it("keeps all that is not touched here, in its order", async () => {
    await browser.visit((session) => session.set("cart", ["tea", "milk"]));
    expect(JSON.stringify(found())).toBe(
      '{"cart":["tea","milk"],"_user":"ada","price":{"$float":1},"at":{"$tuple":[1]}}',
    );
    expect(rows.calls).toEqual(["read", "replace"]);
  });

  it("moves the cookie's end along when it is written", async () => {
    now += 3_600_000;
    const { cookies } = await browser.visit((session) => session.set("a", 1));
    expect(cookies).toEqual([expect.stringMatching(`^toy=${KEY}; .*Max-Age=86400`)]);
  });

  it("keeps what the framework writes while a request here changes it too", async () => {
    await browser.visit((session) => {
      session.set("here", 1);
      stored({ cart: [], _user: "ada", there: 2 });
    });
    expect(found()).toEqual({ cart: [], _user: "ada", here: 1, there: 2 });
  });

  it("takes no write once the framework has ended it", async () => {
    const { status } = await browser.visit((session) => {
      session.set("late", 1);
      rows.rows.clear();
    });
    expect(status).toBe(409);
    expect(rows.rows.size).toBe(0);
  });

  it("ends where it signs out here, and the browser forgets its key", async () => {
    const { cookies } = await browser.visit((session) => session.signOut());
    expect(rows.rows.size).toBe(0);
    expect(cookies).toEqual([expect.stringMatching(/^toy=; .*Max-Age=0/)]);
  });

  it("goes on under a new key with what is hidden here", async () => {
    stored({ _user: "ada", a: 1, _messages: ["hello"] });
    await browser.visit((session) => session.regenerate());
    expect(rows.rows.has(KEY)).toBe(false);
    expect(found(browser.jar.get("toy"))).toEqual({ _user: "ada", a: 1, _messages: ["hello"] });
  });

  it("takes nothing of another one that came with the request when it gets a new key", async () => {
    const other = "00000000-0000-4000-8000-000000000002";
    const row = { bytes: Buffer.from(`${now}:{"price":2,"evil":1}`), endsAt: now + 86_400_000 };
    rows.rows.set(other, row);
    const headers = { cookie: `toy=${KEY}; toy=${other}` };
    await browser.visit((session) => session.regenerate(), { headers });
    expect(found(browser.jar.get("toy"))).toMatchObject({ _user: "ada", price: { $float: 1 } });
  });

  it("keeps what the framework writes while it gets a new key, as it was", async () => {
    await browser.visit(async (session) => {
      stored({ _user: "ada", price: { $tuple: [2] } });
      await session.regenerate();
    });
    expect(found(browser.jar.get("toy"))).toEqual({ _user: "ada", price: { $tuple: [2] } });
  });
  it.each([[{ _user: "bob" }], [{}]])(
    "takes no write of a user who is not signed in there any more: %o",
    async (now) => {
      const { status } = await browser.visit((session) => {
        session.set("secret", 1);
        stored(now);
      });
      expect([status, found()]).toEqual([409, now]);
    },
  );

  it("is not written again where nothing has changed in it", async () => {
    await browser.visit((session) => session.set("code", { n: 1 }, { expiresIn: "1h" }));
    rows.calls.length = 0;
    await browser.visit((session) => session.regenerate());
    expect(rows.calls).toEqual(["read", "insert", "remove"]);
  });

  it("shows its messages once", async () => {
    stored({ _messages: ["one", "two"] });
    const { json } = await browser.visit((session) => session.takeAll("info"));
    expect(json).toEqual(["one", "two"]);
    expect(found()).toEqual({});
  });

  it("refuses the framework's own keys by name", async () => {
    const answer = await browser.visit((session) => session.set("_user", "eve"));
    expect(answer.status).toBe(500);
    expect(found()).toMatchObject({ _user: "ada" });
  });

  it("loses no update of many at once", async () => {
    const many = Array.from({ length: 12 }, () => browser.copy(open()));
    const increment = (session: Session<Untyped>): unknown =>
      session.update("n", (n: number = 0) => n + 1);
    await Promise.all(many.map((each) => each.visit(increment)));
    expect(found()).toMatchObject({ n: 12 });
  });

  it("is left as it is where it cannot be read", async () => {
    const bytes = Buffer.from("1:nonsense");
    rows.rows.set(KEY, { bytes, endsAt: now + 1_000 });
    expect((await browser.visit(show)).json).toEqual({ user: null, values: {} });
    expect(rows.rows.get(KEY)?.bytes).toBe(bytes);
  });
});

describe("what the framework has no place for", () => {
  it("is kept under one key: when the user signed in, and where", async () => {
    const headers = { "user-agent": "Firefox" };
    await browser.visit((session) => session.signIn("ada"), { headers });
    const document = found(browser.jar.get("toy"));
    expect(document).toMatchObject({ _user: "ada", _sojourn: { authenticatedAt: START } });
    const { json } = await browser.visit((session) => session.isFresh("1m"));
    expect(json).toBe(true);
  });

  it("says nothing of whom the framework has signed in since", async () => {
    await browser.visit((session) => session.signIn("ada"));
    const key = browser.jar.get("toy") ?? "";
    const document = Buffer.from(rows.rows.get(key)?.bytes ?? []).toString();
    const bytes = Buffer.from(document.replace('"_user":"ada"', '"_user":"bob"'));
    rows.rows.set(key, { bytes, endsAt: now + 86_400_000 });
    const { json } = await browser.visit((session) => [session.userId, session.isFresh("1m")]);
    expect(json).toEqual(["bob", false]);
  });

  it("ends a session by an absolute timeout, whatever the framework says", async () => {
    sessions = open({ absoluteTimeoutMs: 100_000_000 });
    browser = new Browser(sessions);
    await browser.visit((session) => session.set("a", 1));
    now += 80_000_000;
    await browser.visit((session) => session.set("a", 2));
    now += 19_999_999;
    expect((await browser.visit(show)).json).toMatchObject({ values: { a: 2 } });
    now += 2;
    expect((await browser.visit(show)).json).toMatchObject({ values: {} });
  });

  it("is left out by choice, and what must not be lost refused", async () => {
    sessions = open({ factsKey: undefined });
    browser = new Browser(sessions);
    await browser.visit((session) => session.signIn("ada"));
    expect(found(browser.jar.get("toy"))).toEqual({ _user: "ada" });
    const answer = await browser.visit((s) => s.set("a", 1, { expiresIn: "1m" }));
    expect(answer.status).toBe(503);
  });
});

describe("a session that is whole in its cookie", () => {
  beforeEach(() => {
    sessions = open({ kept: undefined, renewal: "each-visit", format: COOKIE_FORMAT });
    browser = new Browser(sessions);
  });

  it("comes and goes with it", async () => {
    await browser.visit((session) => session.set("a", 1));
    const text = Buffer.from(browser.jar.get("toy") ?? "", "base64url").toString();
    expect(text).toBe(`${START}:{"a":1}`);
    expect((await browser.visit(show)).json).toEqual({ user: null, values: { a: 1 } });
  });

  it("is sent anew where it has changed, or a tenth of its time is over", async () => {
    await browser.visit((session) => session.set("a", 1));
    const { cookies } = await browser.visit((session) => session.set("a", 2));
    expect(cookies).toEqual([expect.stringMatching(/^toy=.*Max-Age=86400/)]);
    now += 8_000_000;
    expect((await browser.visit(show)).cookies).toEqual([]);
    now += 1_000_000;
    expect((await browser.visit(show)).cookies).toEqual([expect.stringMatching(/Max-Age=86400/)]);
  });

  it("signs in, keeps what it held, and signs out", async () => {
    await browser.visit((session) => session.set("a", 1));
    await browser.visit((session) => session.signIn("ada"));
    expect((await browser.visit(show)).json).toEqual({ user: "ada", values: { a: 1 } });
    const { cookies } = await browser.visit((session) => session.signOut());
    expect(cookies).toEqual([expect.stringMatching(/^toy=; .*Max-Age=0/)]);
  });

  it("that would not fit is refused before anything is sent", async () => {
    const { status, cookies } = await browser.visit((s) => s.set("a", "x".repeat(4_000)));
    expect([status, cookies]).toEqual([500, []]);
  });
});

describe("what needs more than the framework keeps", () => {
  it.each(["find", "list", "revoke", "revokeAll", "forget", "export", "count", "onEnded"] as const)(
    "%s is refused by name",
    async (method) => {
      const call = sessions[method] as (argument: unknown) => Promise<unknown>;
      const calling = async (): Promise<unknown> => call.call(sessions, { userId: "ada" });
      await expect(calling()).rejects.toThrow(/Toy's/);
    },
  );

  it("is refused rather than lost: a hand-off", async () => {
    const expecting = await browser.visit((_, request) =>
      sessions.expectHandOff(request, { audience: "https://shop.example" }),
    );
    expect(expecting.status).toBe(503);
    await browser.visit((session) => session.signIn("ada"));
    const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const handing = await browser.visit((session) =>
      sessions.handOff(session, { audience: "https://shop.example", challenge }),
    );
    expect(handing.status).toBe(503);
  });
});

describe("values that Python has and JSON has not", () => {
  it("are not made of a visitor's JSON where templates would not escape them", async () => {
    stored({ said: { $markup: "<b>" } });
    const sent = { $markup: "<script>" };
    expect((await browser.visit((session) => session.set("said", sent))).status).toBe(422);
    expect((await browser.visit((session) => session.set("other", [sent]))).status).toBe(422);
    expect((await browser.visit((session) => session.set("a", 1))).status).toBe(200);
    expect(found()).toEqual({ said: { $markup: "<b>" }, a: 1 });
  });

  it("are a client's slip where nothing of Python's is meant", async () => {
    expect((await browser.visit((session) => session.set("a", { $gt: "" }))).status).toBe(422);
  });
});

describe("a value that is due", () => {
  beforeEach(async () => {
    stored({ code: { b: 1, a: 2 } });
    await browser.visit((session) => session.set("code", { b: 1, a: 3 }, { expiresIn: "1m" }));
  });

  it("is gone when its time is over", async () => {
    now += 60_001;
    expect((await browser.visit(show)).json).toEqual({ user: null, values: {} });
  });

  it("stays where the framework has put another in its place since", async () => {
    const { _sojourn } = found() as { readonly _sojourn: object };
    stored({ code: "Python's", _sojourn });
    now += 60_001;
    expect((await browser.visit(show)).json).toEqual({ user: null, values: { code: "Python's" } });
    await browser.visit((session) => session.set("other", 1));
    expect(found()).toMatchObject({ code: "Python's", other: 1 });
  });
});

it("its own keys cannot hold the facts as well", () => {
  expect(() => sharedStore(toySessions(rows, { factsKey: "_user" }))).toThrow(/_user/);
});

it("tells of leases that Python undoes", () => {
  expect(sharedProfile(toySessions(rows)).caveats.join()).toContain("undoes the lease");
});

describe("exclusive work", () => {
  it("is done once by many processes, and all see its result", async () => {
    await browser.visit((session) => session.set("a", 1));
    const many = Array.from({ length: 5 }, () => browser.copy(open()));
    let runs = 0;
    const answers = await Promise.all(
      many.map((each) =>
        each.visit((session) =>
          session.exclusive("refresh", { lease: "5s", wait: "5s" }, async (inside) => {
            runs += 1;
            inside.set("token", `t${runs}`);
            return runs;
          }),
        ),
      ),
    );
    expect(answers.map(({ json }) => json)).toEqual([1, 1, 1, 1, 1]);
    expect(found(browser.jar.get("toy"))).toMatchObject({ a: 1, token: "t1" });
  });
});

it("clocks of ours are refused by name", () => {
  const store = sharedStore(toySessions(rows));
  expect(() => createSessions({ store, idleTimeout: "1h" } as never)).toThrow(/idleTimeout/);
});
