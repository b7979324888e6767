import { randomBytes, randomFillSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CookieCarrier } from "../../src/cookies/cookie-carrier.ts";
import { CookieExchange, ExchangedCookie } from "../../src/cookies/cookie-exchange.ts";
import { CookieRules } from "../../src/cookies/cookie-rules.ts";
import { pooledRandom } from "../../src/core/environment.ts";
import { SessionManager } from "../../src/core/manager.ts";
import { resolveSettings } from "../../src/core/options.ts";
import type { RandomBytes } from "../../src/core/token.ts";
import { handle } from "../../src/frameworks/web.ts";
import {
  CodecError,
  memoryStore,
  type Session,
  type SessionRecord,
  type StoredSession,
  type Untyped,
} from "../../src/index.ts";
import { Browser } from "./support/browser.ts";
import { World } from "./support/world.ts";

async function refused(value: unknown, key = "value"): Promise<unknown> {
  const world = new World();
  const { json } = await world.browser().visit((session) => {
    try {
      session.set(key, value);
    } catch (error) {
      const { code, path } = error as { code: string; path: string };
      return [code, path];
    }
    return "accepted";
  });
  expect(await world.live()).toBe(json === "accepted" ? 1 : 0);
  return json;
}

class Money {
  amount = 1;
}
class List extends Array {}

function cycle(): unknown {
  const loop: Untyped = { a: { b: [] } };
  loop["a"].b.push(loop);
  return loop;
}

function arrayCycle(): unknown {
  const loop: unknown[] = [];
  loop.push(loop);
  return loop;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { in: value };
  return value;
}

const FOREIGN: readonly [name: string, value: unknown, path: string | RegExp][] = [
  ["a Date", { at: new Date(0) }, "value.at"],
  ["a Map", [new Map()], "value[0]"],
  ["a Set", new Set(), "value"],
  ["a BigInt", { a: [1, { b: 1n }] }, "value.a[1].b"],
  ["NaN", [Number.NaN], "value[0]"],
  ["Infinity", { x: Number.POSITIVE_INFINITY }, "value.x"],
  ["undefined in an array", [1, undefined], "value[1]"],
  ["a sparse array", Object.assign(new Array(3), { 0: 1, 2: 3 }), "value[1]"],
  ["an array with a name", Object.assign([1], { name: "x" }), "value"],
  ["a subclass of Array", List.from([1]), "value"],
  ["a class instance", { price: new Money() }, "value.price"],
  ["a function", { f: () => 1 }, "value.f"],
  ["a toJSON", { toJSON: () => "other" }, "value.toJSON"],
  ["a hidden toJSON", Object.defineProperty({}, "toJSON", { value: () => "other" }), /^value/],
  ["a symbol", { s: Symbol("s") }, "value.s"],
  ["a symbol for a key", { [Symbol("s")]: 1 }, "value"],
  ["a cycle", cycle(), "value.a.b[0]"],
  ["a cycle of arrays", arrayCycle(), "value[0]"],
  ["an Error", new Error("x"), "value"],
  ["a RegExp", /x/, "value"],
  ["a Buffer", Buffer.from("x"), "value"],
  ["a typed array", new Uint8Array(2), "value"],
  ["a boxed number", Object(1), "value"],
  ["a Promise", Promise.resolve(1), "value"],
  ["a Proxy of a Map", new Proxy(new Map(), {}), "value"],
  ["an own __proto__", JSON.parse('{"a":{"__proto__":{"admin":true}}}'), "value.a.__proto__"],
  ["10,000 levels", nested(10_000), /^value/],
  ["201 levels", nested(201), /^value/],
];

describe("what a client has sent", () => {
  const HOSTILE = "a\nSojournWarning: forged\u001b[2J\u009b\u202e\u2028\u200b\ud800";
  const LONG = 400;
  const depths = (depth: number, key: string): unknown => {
    let value: unknown = 1;
    for (let level = 0; level < depth; level += 1) value = { [key]: value };
    return value;
  };

  async function refusal(act: (session: Session<Untyped>) => unknown): Promise<CodecError> {
    let caught: unknown;
    await new World({ schema: z.looseObject({ n: z.record(z.string(), z.number()).default({}) }) })
      .browser()
      .visit(async (session) => {
        try {
          await act(session);
          await session.save();
        } catch (error) {
          caught = error;
          throw error;
        }
      });
    if (caught instanceof CodecError) return caught;
    throw new Error("nothing was refused", { cause: caught });
  }

  it.each<[string, (session: Session<Untyped>) => unknown]>([
    [
      "a key of a body",
      (s) => s.set("prefs", JSON.parse(`{${JSON.stringify(HOSTILE)}:{"__proto__":1}}`)),
    ],
    ["a key of the session", (s) => s.set(HOSTILE, Number.NaN)],
    ["a key of update", (s) => s.update(HOSTILE, () => 1n)],
    ["the key of a message", (s) => s.flash(HOSTILE, new Date() as never)],
    ["a long key of the session", (s) => s.set(`${"k".repeat(9_000)}`, Number.NaN)],
    ["many long keys", (s) => s.set("prefs", depths(230, "k".repeat(LONG)))],
    ["what a schema refuses", (s) => s.set("n", { [HOSTILE]: "x" })],
    ["what a schema refuses at length", (s) => s.set("n", { ["k".repeat(9_000)]: "x" })],
  ])("forges no line of a log, and fills none: %s [ASVS 16.4.1]", async (_name, act) => {
    const { message, path } = await refusal(act);
    for (const text of [message, path]) {
      expect(text).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      expect(text.length).toBeLessThan(1_100);
    }
  });

  it("is told apart from a slip of the program, by a status of its own", async () => {
    const sent = JSON.parse('{"a":{"__proto__":1}}');
    expect(await refusal((s) => s.set("prefs", sent))).toMatchObject({
      reason: "input",
      status: 422,
    });
    const deep = depths(201, "k");
    expect(await refusal((s) => s.set("prefs", deep))).toMatchObject({
      reason: "input",
      status: 422,
    });
    expect(await refusal((s) => s.set("__proto__", 1))).toMatchObject({
      reason: "input",
      status: 422,
    });
    expect(await refusal((s) => s.set("at", new Date()))).toMatchObject({
      reason: "type",
      status: 500,
    });
    expect(await refusal((s) => s.set("n", "x"))).toMatchObject({ reason: "schema", status: 500 });
  });

  it("is answered so where nothing else answers, and nothing is stored", async () => {
    const world = new World();
    const sent = JSON.parse('{"__proto__":{"admin":true}}');
    const { status, cookies } = await world
      .browser()
      .visit((session) => session.set("prefs", sent));
    expect([status, cookies]).toEqual([422, []]);
  });

  it("forges nothing by the name of a property either", async () => {
    const error = await new World().browser().visit((session) => {
      try {
        Reflect.set(session, HOSTILE, 1);
      } catch (caught) {
        return (caught as Error).message;
      }
      return "";
    });
    expect(error.json).toMatch(/^session\.a\\u000aSojourn/);
    expect(String(error.json)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
  });
});

describe("a value that JSON would change or lose is refused at once, by its path", () => {
  it.each(FOREIGN)("%s", async (_, value, path) => {
    expect(await refused(value)).toEqual([
      "ERR_SESSION_CODEC",
      typeof path === "string" ? path : expect.stringMatching(path),
    ]);
  });

  it.each([
    ["undefined", undefined],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["a BigInt", 1n],
  ])("%s itself", async (_, value) => {
    expect(await refused(value)).toEqual(["ERR_SESSION_CODEC", "value"]);
  });

  it("so is what flash, update and a change in place come to", async () => {
    const world = new World();
    const browser = await world.returning({ list: [1] });
    const { json } = await browser.visit(async (session) => {
      let flash = "";
      try {
        session.flash("note", new Date() as never);
      } catch (error) {
        flash = (error as { path: string }).path;
      }
      const update = await session.update("n", () => 1n).catch((error) => error.path);
      const later = await session.update("m", async () => 1).catch((error) => error.code);
      return [flash, update, later];
    });
    expect(json).toEqual(["flash.note", "n", "ERR_SESSION_CODEC"]);
    const { status } = await browser.visit((session) => void session.get("list").push(new Map()));
    expect(status).toBe(500);
    expect((await browser.visit((session) => session.get("list"))).json).toEqual([1]);
  });

  it("but plain data of every kind reads back as it was", async () => {
    const values = {
      text: "grüße \u0000 \u2028 \ud83d\ude00 \ud800 __proto__ \\u005f",
      empty: "",
      zero: 0,
      small: 5e-324,
      big: Number.MAX_SAFE_INTEGER,
      no: false,
      nothing: null,
      list: [[], {}, [null]],
      bare: Object.assign(Object.create(null), { a: 1 }),
      deep: nested(199),
      keys: {
        constructor: 1,
        toString: 2,
        prototype: 3,
        hasOwnProperty: 4,
        "": 5,
        "a.b": 6,
        toJSON: "x",
      },
    };
    const world = new World();
    const browser = await world.returning(values);
    const { json } = await browser.visit((session) => Object.fromEntries([...session.entries()]));
    expect(json).toEqual(JSON.parse(JSON.stringify(values)));
  });

  it("null is a value: it is no default, and not absent", async () => {
    const world = new World({ defaults: { theme: "light", other: "x" } });
    const browser = world.browser();
    const look = (session: Untyped): unknown => [
      session["get"]("theme"),
      session["has"]("theme"),
      [...session["entries"]()].length,
    ];
    const first = await browser.visit((session) => {
      session.set("theme", null);
      return look(session);
    });
    expect(first.json).toEqual([null, true, 2]);
    expect((await browser.visit(look)).json).toEqual([null, true, 2]);
    world.switch.forget();
    await browser.visit((session) => session.set("theme", null));
    expect(world.switch.calls).toEqual(["load"]);
    const updated = await browser.visit((session) => session.update("theme", (theme) => [theme]));
    expect(updated.json).toEqual([null]);
    const back = await browser.visit((session) => session.update("theme", () => null));
    expect(back.json).toBeNull();
    const consumed = await browser.visit((session) => session.consume("theme"));
    expect(consumed.json).toBeNull();
    expect((await browser.visit((session) => session.get("theme"))).json).toBe("light");
  });

  it("and an optional property that is undefined reads back as absent", async () => {
    expect(await refused({ a: 1, b: undefined })).toBe("accepted");
  });
});

describe("a dangerous key", () => {
  it("__proto__ is refused wherever it could be written", async () => {
    expect(await refused(1, "__proto__")).toEqual(["ERR_SESSION_CODEC", "__proto__"]);
    const world = new World();
    const browser = await world.returning();
    const { json } = await browser.visit((session) =>
      session.update("__proto__", () => ({ admin: true })).catch((error) => error.code),
    );
    expect(json).toBe("ERR_SESSION_CODEC");
  });

  it.each(["constructor", "toString", "prototype", "hasOwnProperty", "__defineGetter__", ""])(
    "%j is a key like any other, absent until it is set",
    async (key) => {
      const world = new World();
      const browser = await world.returning();
      const absent = await browser.visit((session) => [session.has(key), session.get(key) ?? null]);
      expect(absent.json).toEqual([false, null]);
      await browser.visit((session) => session.set(key, { own: 1 }));
      await browser.visit((session) => session.update(key, (value) => ({ ...value, two: 2 })));
      const present = await browser.visit((session) => session.get(key));
      expect(present.json).toEqual({ own: 1, two: 2 });
      await browser.visit((session) => session.delete(key));
      expect((await browser.visit((session) => session.has(key))).json).toBe(false);
    },
  );

  const keys: readonly unknown[] = [5, null, {}, Symbol("key"), ["a"]];
  it.each(keys.map((key) => [key]))("a key that is no string is refused", async (key) => {
    expect(await refused(1, key as never)).toEqual(["ERR_SESSION_CODEC", expect.any(String)]);
  });
});

async function plant(data: string, flash = ""): Promise<{ world: World; browser: Browser }> {
  const world = new World();
  const browser = await world.returning({ n: 1 });
  const call = { now: world.clock.now(), signal: new AbortController().signal };
  const stored = (await world.stored(await world.idOf(browser))) as SessionRecord;
  await world.memory.update({ ...stored, data, flash }, stored.version, call);
  return { world, browser };
}

describe("a record that somebody planted in the store", () => {
  it.each([
    '{"__proto__":{"admin":true},"n":2}',
    '{"\\u005f_proto__":{"admin":true},"n":2}',
    '{"\\u005F\\u005Fproto\\u005F\\u005F":{"admin":true},"n":2}',
    '{"n":2,"deep":{"__proto__":{"admin":true}}}',
  ])("changes no prototype: %s", async (data) => {
    const { browser } = await plant(data);
    const { json, status } = await browser.visit((session) => {
      const copy = Object.assign({}, session.get("deep") ?? {});
      session.set("m", 1);
      return [session.get("n"), session.get("admin") ?? null, copy.admin ?? null];
    });
    expect([status, json]).toEqual([200, [2, null, null]]);
    expect(({} as Untyped)["admin"]).toBeUndefined();
  });

  it.each(["", "null", "[]", "5", '"x"', "{", "{}x", "\u0000", "undefined", "{'n':1}"])(
    "that is no JSON object is rejected as corrupt, and stays as it was: %j",
    async (data) => {
      const { world, browser } = await plant(data);
      const id = [...world.told("created")].at(-1)?.["id"];
      const { json } = await browser.copy().visit((session) => [session.isNew, session.has("n")]);
      expect(json).toEqual([true, false]);
      expect(world.told("rejected")).toMatchObject([{ reason: "corrupt" }]);
      const stored = (await world.stored(String(id))) as StoredSession & { data: string };
      expect(stored.data).toBe(data);
    },
  );

  it.each(["{", "[]", "[5]", '[["a"]]', '[["a",5,1]]', "5", '{"a":1}', '[["a","note"]]'])(
    "with messages that are none shows none: %s",
    async (flash) => {
      const { browser } = await plant('{"n":1}', flash);
      const { json } = await browser.visit((session) => [
        session.get("n"),
        session.take("note") ?? null,
      ]);
      expect(json).toEqual([1, null]);
    },
  );

  it("of 100,000 levels is rejected as corrupt, whether it is read, written or shown", async () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    const { world, browser } = await plant(`{"n":${deep}}`);
    const { status, json } = await browser.copy().visit((session) => {
      session.set("m", 1);
      return [session.isNew, session.get("n") ?? null];
    });
    expect([status, json]).toEqual([200, [true, null]]);
    expect(world.told("rejected")).toMatchObject([{ reason: "corrupt" }]);
    const cookie = `__Host-Http-session=${browser.token}`;
    expect(await world.sessions.read(new Headers({ cookie }))).toBeUndefined();
  });

  it("with a message of 100,000 levels shows none, and can be written", async () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    const { browser } = await plant('{"n":1}', `[["m1","note",${deep}]]`);
    const { status, json } = await browser.visit((session) => {
      session.flash("note", "new");
      return [session.get("n"), session.take("note") ?? null];
    });
    expect([status, json]).toEqual([200, [1, null]]);
    expect((await browser.visit((session) => session.take("note"))).json).toBe("new");
  });
});

describe("a large value", () => {
  it("of a megabyte is refused by its size, and the rest of the session stays [CVE-2016-4423]", async () => {
    const world = new World();
    const browser = await world.returning({ n: 1 });
    for (const value of ["x".repeat(1_048_576), "é".repeat(140_000), "\u0000".repeat(50_000)]) {
      const { status } = await browser.visit((session) => session.set("big", value));
      expect(status).toBe(500);
    }
    const { json } = await browser.visit((session) => [session.get("n"), session.has("big")]);
    expect(json).toEqual([1, false]);
  });

  it("is measured in bytes: just as many as allowed fit", async () => {
    const world = new World({ maxDataBytes: 100 });
    const browser = world.browser();
    const fits = "é".repeat((100 - '{"a":""}'.length) / 2);
    expect((await browser.visit((session) => session.set("a", fits))).status).toBe(200);
    expect((await browser.visit((session) => session.set("a", `${fits}x`))).status).toBe(500);
    const { json } = await browser.visit((session) =>
      session
        .update("a", (a) => `${a}x`)
        .catch(({ code, bytes, maxBytes }) => [code, bytes, maxBytes]),
    );
    expect(json).toEqual(["ERR_SESSION_DATA_SIZE", 101, 100]);
  });

  it("counts messages too", async () => {
    const world = new World({ maxDataBytes: 1_000 });
    const browser = await world.returning();
    const { status } = await browser.visit((session) => session.flash("note", "x".repeat(1_000)));
    expect(status).toBe(500);
  });

  it("taken along at sign-in is bounded as anywhere", async () => {
    const world = new World({ maxDataBytes: 100 });
    const browser = world.browser();
    const { status } = await browser.visit(async (session) => {
      await session.signIn("ada");
      session.set("a", "x".repeat(200));
    });
    expect(status).toBe(500);
  });
});

const NAME = "__Host-Http-session";

describe("a cookie header", () => {
  async function read(world: World, cookie: string) {
    return world.browser().visit((session) => session.userId ?? null, { headers: { cookie } });
  }

  it("with two cookies of our name is believed in neither, and both are expired [cookie-tossing]", async () => {
    const world = new World();
    const [ada, eve] = [await world.signedIn("ada"), await world.signedIn("eve")];
    world.switch.forget();
    world.heard.length = 0;
    const headers = `${NAME}=${ada.token}; ${NAME}=${eve.token}`;
    const answer = await read(world, headers);
    expect(answer.json).toBeNull();
    // In the two places that the prefix leaves: in no partition, and in that of the site itself.
    expect(answer.cookies).toEqual([
      `${NAME}=; Max-Age=0; Path=/; Secure; HttpOnly; Partitioned`,
      expect.stringMatching(/; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=/),
    ]);
    expect(world.switch.calls).toEqual([]);
    expect(world.told("rejected")).toMatchObject([{ reason: "duplicate" }]);
  });

  it("even if they are the same, or one is no token", async () => {
    const world = new World();
    const { token } = await world.signedIn("ada");
    for (const other of [token, "", "x"]) {
      expect((await read(world, `${NAME}=${token}; ${NAME}=${other}`)).json).toBeNull();
    }
  });

  it("with ten thousand other cookies is read in no time [WSTG-SESS-01]", async () => {
    const world = new World();
    const { token } = await world.signedIn("ada");
    const others = Array.from({ length: 10_000 }, (_, n) => `c${n}=${n}`).join("; ");
    const { user: before } = process.cpuUsage();
    expect((await read(world, `${others}; ${NAME}=${token}`)).json).toBe("ada");
    // Not by the clock: a machine may be busy with others.
    expect((process.cpuUsage().user - before) / 1_000).toBeLessThan(100);
  });

  it("with ten thousand cookies of our name costs no store call", async () => {
    const world = new World();
    const { token } = await world.signedIn("ada");
    world.switch.forget();
    const many = Array.from({ length: 10_000 }, () => `${NAME}=${token}`).join("; ");
    expect((await read(world, many)).json).toBeNull();
    expect(world.switch.calls).toEqual([]);
  });

  it.each([
    ["a no-break space before the name", (token: string) => `\u00a0${NAME}=${token}`],
    ["no name", (token: string) => `=${NAME}=${token}`],
    ["another case", (token: string) => `__host-http-session=${token}`],
    ["an encoded name", (token: string) => `%5f%5fHost-Http-session=${token}`],
    ["$Version", (token: string) => `$Version=1; "${NAME}"="${token}"`],
    ["quotes around", (token: string) => `a="x; ${NAME}=${"A".repeat(43)}; b=y"; z=${token}`],
    ["a quoted value", (token: string) => `${NAME}="${token}"`],
    ["a longer name", (token: string) => `${NAME}2=${token}`],
    ["a comma", (token: string) => `a=b, ${NAME}=${token}`],
    ["the plain name", (token: string) => `session=${token}`],
  ])("with %s holds no cookie of ours", async (_, header) => {
    const world = new World();
    const { token } = await world.signedIn("ada");
    expect((await read(world, header(String(token)))).json).toBeNull();
  });

  it("of raw bytes that no Request could carry breaks nothing", async () => {
    const world = new World();
    const { token } = await world.signedIn("ada");
    const { carrierRead } = bareCarrier();
    for (const header of [
      `${NAME}=${token}\r\nSet-Cookie: evil=1`,
      `${NAME}=\u0000${token}`,
      `${NAME}=${token}\u0000`,
      `${NAME}=\ufffd\ud800`,
      `${NAME}`,
      ";;;===;;;",
      "\r\n\0",
    ]) {
      const { values } = carrierRead(header);
      expect(values).not.toContain(token);
    }
  });
});

function bareCarrier() {
  const rules = new CookieRules(
    {},
    { name: "session", development: undefined, notice: () => undefined, now: () => 0 },
  );
  const exchange = (cookie: string) => ({
    request: {
      method: "GET",
      target: "/",
      header: (name: string) => (name === "cookie" ? cookie : undefined),
      isEncrypted: true,
      remoteAddress: undefined,
    },
    reply: { get: () => undefined, set: () => undefined, addCookie: () => undefined },
  });
  const carrierRead = (cookie: string) =>
    new ExchangedCookie(rules.forms(), new CookieExchange(rules, exchange(cookie)));
  return { carrierRead };
}

describe("without a prefix", () => {
  const options = { cookie: { prefix: "" as const } };
  async function visit(world: World, cookie: string, path = "/shop/cart") {
    return world
      .browser()
      .visit((session) => session.userId ?? null, { headers: { cookie }, path });
  }
  async function token(world: World): Promise<string> {
    const browser = world.browser();
    await browser.visit((session) => session.signIn("ada"));
    return String(browser.jar.get("session"));
  }

  it("every one of several candidates is tried, and the stale ones are expired", async () => {
    const world = new World(options);
    const live = await token(world);
    const stale = "A".repeat(43);
    for (const order of [
      [live, stale],
      [stale, live],
      [stale, "x", live],
    ]) {
      const answer = await visit(world, order.map((value) => `session=${value}`).join("; "));
      expect(answer.json).toBe("ada");
      expect(answer.cookies.length).toBeGreaterThan(0);
      const [expiries, sent] = [/^session=;/, /^session=[\w-]{43};/].map((form) =>
        answer.cookies.filter((line) => form.test(line)),
      );
      for (const line of expiries ?? []) {
        expect(line).toMatch(/Max-Age=0/);
        // The current one's place is the host alone, the root and no partition: it must not go.
        expect(/Domain=|Partitioned/.test(line) || !/Path=\/(;|$)/.test(line)).toBe(true);
      }
      // One of those places may have been its own.
      expect(sent).toEqual([expect.stringContaining(`session=${live}; Path=/; `)]);
      expect(answer.cookies.at(-1)).toBe(sent?.[0]);
    }
  });

  it("one cookie alone expires nothing", async () => {
    const world = new World(options);
    expect((await visit(world, `session=${await token(world)}`)).cookies).toEqual([]);
  });

  it("a signed-in session counts before an anonymous one, wherever they stand", async () => {
    const world = new World(options);
    const live = await token(world);
    const planted = world.browser();
    await planted.visit((session) => session.set("cart", ["poison"]));
    const anonymous = String(planted.jar.get("session"));
    for (const values of [
      [live, anonymous],
      [anonymous, live],
      [anonymous, "A".repeat(43), live],
    ]) {
      const cookie = values.map((value) => `session=${value}`).join("; ");
      const answer = await visit(world, cookie);
      expect(answer.json).toBe("ada");
      expect(answer.cookies.at(-1)).toContain(live);
      expect((await world.sessions.read(new Headers({ cookie })))?.userId).toBe("ada");
    }
  });

  it("of two signed-in sessions the first counts, and takes nobody's place", async () => {
    const world = new World(options);
    const [one, other] = [await token(world), await token(world)];
    const planted = world.browser();
    await planted.visit((session) => session.set("cart", ["poison"]));
    const anonymous = planted.jar.get("session");
    for (const values of [
      [one, other],
      [one, other, anonymous],
      [one, anonymous, other],
      [anonymous, one, other],
    ]) {
      const answer = await visit(world, values.map((value) => `session=${value}`).join("; "));
      expect(answer.json).toBe("ada");
      expect(answer.cookies.every((line) => /^session=; Max-Age=0/.test(line))).toBe(true);
    }
  });

  it("more than a few that lead nowhere are all expired, the current one too", async () => {
    const world = new World(options);
    const many = Array.from({ length: 6 }, (_, n) => `session=${"ABCDEF"[n]?.repeat(42)}A`);
    const answer = await visit(world, many.join("; "));
    expect(answer.json).toBeNull();
    expect(world.told("rejected").at(-1)).toMatchObject({ reason: "duplicate" });
    expect(answer.cookies.some((line) => /^session=; Path=\/; /.test(line))).toBe(true);
    expect(answer.cookies.length).toBeGreaterThan(3);
    const live = await token(world);
    const [first, second, ...rest] = many;
    for (const order of [
      [`session=${live}`, ...many],
      [...many, `session=${live}`],
      [first, `session=${live}`, second, ...rest],
      [...rest, `session=${live}`, second],
    ]) {
      expect((await visit(world, order.join("; "))).json).toBe("ada");
    }
  });

  it("a sign-out takes all of them away", async () => {
    const world = new World(options);
    const [one, other] = [await token(world), await token(world)];
    const headers = { cookie: `session=${one}; session=${other}` };
    const { cookies } = await world.browser().visit((session) => session.signOut(), { headers });
    expect(cookies.some((line) => /^session=; Path=\/; /.test(line))).toBe(true);
    expect(
      cookies.some((line) => /^session=; Max-Age=0; Path=\/; Secure; Partitioned/.test(line)),
    ).toBe(true);
  });

  it("a thousand candidates cost a few store calls", async () => {
    const world = new World(options);
    world.switch.forget();
    await visit(world, Array.from({ length: 1_000 }, () => `session=${"A".repeat(43)}`).join("; "));
    expect(world.switch.calls.length).toBeLessThanOrEqual(4);
  });

  it("a path from the request line cannot break into the headers", async () => {
    const world = new World(options);
    const live = await token(world);
    const cookie = `session=${live}; session=${"A".repeat(43)}`;
    const { cookies } = await visit(world, cookie, "/a;Domain=evil.test/%0d%0aX:1/b");
    for (const line of cookies) expect(line).not.toMatch(/evil|[\r\n]/);
  });
});

describe("a source of randomness", () => {
  function manager(random: RandomBytes): Browser {
    const environment = {
      now: Date.now,
      random,
      development: undefined,
      notice: () => undefined,
      report: () => false,
      addressOf: () => ({ host: undefined, isSecure: true }),
    };
    const sessions = new SessionManager<Untyped>({
      settings: resolveSettings({}),
      store: memoryStore(),
      carrier: new CookieCarrier({}, { ...environment, name: "session" }),
      environment,
      handle,
    });
    return new Browser(sessions);
  }

  it.each([0, 0xff, 0x41])(
    "that fills its bytes with %i alone is refused [ASVS 7.2.3, ASVS 11.5.1]",
    (byte) => {
      const random = pooledRandom((bytes) => void bytes.fill(byte));
      expect(() => random(32)).toThrow("randomness");
    },
  );

  it("that fills nothing, or not all, is refused [CVE-2021-3538]", () => {
    expect(() => pooledRandom(() => undefined)(32)).toThrow("randomness");
    for (const filled of [1, 31, 32, 2_000, 4_000]) {
      const random = pooledRandom((bytes) => void randomFillSync(bytes.subarray(0, filled)));
      expect(() => random(32)).toThrow("randomness");
    }
    let fills = 0;
    const failing = pooledRandom((bytes) => {
      fills += 1;
      if (fills === 1) randomFillSync(bytes);
    });
    for (let draws = 0; draws < 127; draws += 1) failing(32);
    failing(6);
    // Nor is what is left of the pool drawn afterwards, where it would be enough.
    for (const size of [32, 6]) expect(() => failing(size)).toThrow("randomness");
  });

  it("that fails fails the draw; there is no other [CVE-2025-66630] [ASVS 11.5.1, ASVS 16.5.3]", () => {
    const random = pooledRandom(() => {
      throw new Error("no entropy");
    });
    expect(() => random(32)).toThrow("no entropy");
    expect(() => random(32)).toThrow("no entropy");
  });

  it("never gives the same bytes twice, over the end of its pool", () => {
    const random = pooledRandom();
    const draws = new Set(Array.from({ length: 2_000 }, () => random(32).toString("hex")));
    expect(draws.size).toBe(2_000);
  });

  it("that repeats itself gives no visitor another one's session [tower-sessions-0.12] [ASVS 7.2.3]", async () => {
    const browser = manager((size) => Buffer.alloc(size, 7));
    await browser.visit((session) => session.set("secret", "first"));
    const other = new Browser(browser.sessions);
    await expect(other.visit((session) => session.set("secret", "second"))).rejects.toThrow(
      "randomness",
    );
    expect(other.token).toBeUndefined();
    await expect(other.visit((session) => session.signIn("eve"))).rejects.toThrow("randomness");
    expect((await browser.visit((session) => session.get("secret"))).json).toBe("first");
  });

  it("that repeats itself once costs another draw", async () => {
    let tokens = 0;
    const browser = manager((size) => {
      // Of all that is drawn only tokens are that long.
      if (size !== 32) return randomBytes(size);
      tokens += 1;
      return Buffer.alloc(size, Math.max(1, tokens - 1));
    });
    await browser.visit((session) => session.set("secret", "first"));
    const other = new Browser(browser.sessions);
    for (let n = 0; n < 5; n += 1) await other.visit((session) => session.set("n", n));
    expect((await browser.visit((session) => session.get("secret"))).json).toBe("first");
  });
});
