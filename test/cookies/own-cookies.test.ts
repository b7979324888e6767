import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { cookieStore } from "../../src/cookies/cookie.ts";
import {
  type OwnCookie,
  plainCookie,
  sealedCookie,
  signedCookie,
} from "../../src/cookies/own/index.ts";
import {
  CodecError,
  CookieTooLargeError,
  createSessions,
  HeadersSentError,
  memoryStore,
  OptionsError,
  PrefetchError,
  type SessionOptions,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import { testClient } from "../../src/testing/index.ts";
import { SetClock } from "../laws/support/clock.ts";
import { BrowserJar } from "./support/browser-jar.ts";
import { durableStore, newKey } from "./support/cookie-world.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const HOME = "https://www.shop.example/";

function manager(options: SessionOptions = {}): Sessions<Untyped> {
  const usual = { store: memoryStore(), onError: () => undefined };
  return createSessions<Untyped>({ ...usual, ...options }) as Sessions<Untyped>;
}

/** What a request with these cookies makes of one. */
async function within<T>(
  sessions: Sessions<Untyped>,
  cookie: string | undefined,
  act: (request: Request) => T,
  url = HOME,
): Promise<{ readonly result: T; readonly lines: string[]; readonly headers: Headers }> {
  const request = new Request(url, cookie === undefined ? {} : { headers: { cookie } });
  let result: T | undefined;
  const { headers } = await sessions.handle(request, async (own) => {
    result = act(own);
    return new Response("done");
  });
  return { result: result as T, lines: headers.getSetCookie(), headers };
}

/** The pair that a browser would bring back for a value. */
async function pairOf<Value>(
  sessions: Sessions<Untyped>,
  cookie: OwnCookie<Value>,
  value: Value,
): Promise<string> {
  const { lines } = await within(sessions, undefined, (request) => cookie.set(request, value));
  return lines[0]?.split(";", 1)[0] ?? "";
}

function caught(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe("a signed cookie", () => {
  const secret = "83de6b56d652b4cdfe169e2f01e900abb616884ea51572034bf95ba5da0286b8";
  const setAt = Date.UTC(2026, 0, 1);

  /** Made by another program, from docs/cookies.md alone. */
  const VECTORS = [
    {
      options: { name: "variant" },
      value: { group: 2 },
      pair: "__Host-Http-variant=Aorrekcx.W3siZ3JvdXAiOjJ9LDE3NjcyMjU2MDAwMDBd.Y_KmqdWA_rxBWUMKiU5snArwg3fQnSAyC0aHqKu-G0E",
    },
    {
      options: { name: "variant", audience: "admin" },
      value: { group: 2 },
      pair: "__Host-Http-variant=Aorrekcx.W3siZ3JvdXAiOjJ9LDE3NjcyMjU2MDAwMDBd.BCnJgbo2pFwLljWcbvD4ribJNZ6jbBFTAZgG9C8gEN0",
    },
    {
      options: { name: "note", httpOnly: false },
      value: 'Grüße, "Ada"; 100%',
      pair: "__Host-note=Aorrekcx.WyJHcsO8w59lLCBcIkFkYVwiOyAxMDAlIiwxNzY3MjI1NjAwMDAwXQ.pCVBjvFPgNAC09nPPJZkRl5zdfZyOY3aVuk1-V2pYqg",
    },
  ] as const;

  it.each(VECTORS)("is written as documented: $pair", async ({ options, value, pair }) => {
    const sessions = manager({ clock: new SetClock(setAt) });
    const cookie = signedCookie(sessions, { ...options, keys: secret });
    expect(await pairOf(sessions, cookie, value)).toBe(pair);
  });

  it.each(VECTORS)("is read as documented: $pair", async ({ options, value, pair }) => {
    const sessions = manager({ clock: new SetClock(setAt + DAY_MS) });
    const cookie = signedCookie(sessions, { ...options, keys: secret });
    const { result } = await within(sessions, pair, (request) => cookie.inspect(request));
    expect(result).toEqual({ value, setAt, isCurrent: true });
  });

  it("is the same in docs/cookies.md", () => {
    const page = readFileSync(new URL("../../docs/cookies.md", import.meta.url), "utf8");
    expect(page).toContain(secret);
    expect(page).toContain(VECTORS[0].pair);
  });

  it("can be read by a script of the page that is let at it, and by the visitor", async () => {
    const sessions = manager();
    const cookie = signedCookie(sessions, { name: "note", keys: newKey(), httpOnly: false });
    const { lines } = await within(sessions, undefined, (request) => cookie.set(request, "grün"));
    expect(lines[0]).toMatch(/^__Host-note=[^;]+; Path=\/; Secure; SameSite=Lax$/);
    const [, payload = ""] = (lines[0] ?? "").split(".");
    const [value] = JSON.parse(Buffer.from(payload, "base64url").toString());
    expect(value).toBe("grün");
  });
});

describe("a signed or sealed cookie", () => {
  const KINDS = [
    ["signed", signedCookie<string>],
    ["sealed", sealedCookie<string>],
  ] as const;

  it.each(KINDS)("counts for its maxAge by the server's clock: %s", async (_kind, make) => {
    const clock = new SetClock();
    const sessions = manager({ clock });
    const keys = newKey();
    const cookie = make(sessions, { name: "pass", keys, maxAge: "10m" });
    const pair = await pairOf(sessions, cookie, "in");
    const reason = async (of = cookie): Promise<unknown> =>
      (await within(sessions, pair, (request) => of.inspect(request).reason)).result;
    clock.move(10 * MINUTE_MS - 1);
    expect(await reason()).toBeUndefined();
    clock.move(1);
    expect(await reason()).toBe("expired");
    // As the option says now, not as it said when the cookie was set.
    expect(await reason(make(sessions, { name: "pass", keys, maxAge: "1h" }))).toBeUndefined();
    expect(await reason(make(sessions, { name: "pass", keys, maxAge: "1m" }))).toBe("expired");
  });

  it.each(KINDS)("counts for 31 days where it ends with the browser: %s", async (_kind, make) => {
    const clock = new SetClock();
    const sessions = manager({ clock });
    const cookie = make(sessions, { name: "pass", keys: newKey() });
    const { lines } = await within(sessions, undefined, (request) => cookie.set(request, "in"));
    expect(lines[0]).not.toMatch(/max-age|expires/i);
    const [pair] = (lines[0] ?? "").split(";", 1);
    clock.move(31 * DAY_MS - 1);
    expect((await within(sessions, pair, cookie.get.bind(cookie))).result).toBe("in");
    clock.move(1);
    expect((await within(sessions, pair, cookie.get.bind(cookie))).result).toBeUndefined();
  });

  it.each(KINDS)("bears clocks that differ, and not by hours: %s", async (_kind, make) => {
    const [clock, ahead] = [new SetClock(), new SetClock()];
    const sessions = manager({ clock });
    const keys = newKey();
    const cookie = make(sessions, { name: "pass", keys, maxAge: "10m" });
    const reasonFrom = async (ms: number): Promise<unknown> => {
      ahead.move(ms);
      const other = manager({ clock: ahead });
      const pair = await pairOf(other, make(other, { name: "pass", keys, maxAge: "10m" }), "in");
      return (await within(sessions, pair, (request) => cookie.inspect(request).reason)).result;
    };
    expect(await reasonFrom(5 * MINUTE_MS)).toBeUndefined();
    expect(await reasonFrom(55 * MINUTE_MS)).toBe("expired");
  });

  it.each(KINDS)("opens under an older key, and says so: %s", async (_kind, make) => {
    const sessions = manager();
    const [old, fresh] = [newKey(), newKey()];
    const pair = await pairOf(sessions, make(sessions, { name: "pass", keys: old }), "in");
    const inspect = async (keys: readonly string[]): Promise<unknown> => {
      const cookie = make(sessions, { name: "pass", keys });
      return (await within(sessions, pair, (request) => cookie.inspect(request))).result;
    };
    expect(await inspect([old, fresh])).toMatchObject({ value: "in", isCurrent: true });
    expect(await inspect([fresh, old])).toMatchObject({ value: "in", isCurrent: false });
    expect(await inspect([fresh])).toEqual({ reason: "unknownKey" });
  });

  it.each(KINDS)("opens in its own place only: %s", async (kind, make) => {
    const sessions = manager();
    const keys = newKey();
    const pass = make(sessions, { name: "pass", keys, audience: "shop" });
    const pair = await pairOf(sessions, pass, "in");
    const value = pair.slice(pair.indexOf("=") + 1);
    const reason = async (cookie: OwnCookie<string>): Promise<unknown> => {
      const sent = `${cookie.name}=${value}`;
      return (await within(sessions, sent, (request) => cookie.inspect(request).reason)).result;
    };
    const other = kind === "signed" ? sealedCookie<string> : signedCookie<string>;
    expect(await reason(pass)).toBeUndefined();
    expect(await reason(make(sessions, { name: "other", keys, audience: "shop" }))).toBe("altered");
    expect(await reason(make(sessions, { name: "pass", keys, audience: "admin" }))).toBe("altered");
    expect(await reason(make(sessions, { name: "pass", keys }))).toBe("altered");
    expect(
      await reason(make(sessions, { name: "pass", keys, audience: "shop", prefix: "__Host-" })),
    ).toBe("altered");
    expect(await reason(other(sessions, { name: "pass", keys, audience: "shop" }))).toBe(
      "malformed",
    );
  });

  it.each(KINDS)("is data, whatever comes: %s", async (_kind, make) => {
    const sessions = manager();
    const cookie = make(sessions, { name: "pass", keys: newKey() });
    for (const value of ["", ".", "..", "A.B.C", "%", "A".repeat(8_000), '"x"', "__proto__"]) {
      const sent = `${cookie.name}=${value}`;
      const { result } = await within(sessions, sent, (request) => cookie.inspect(request));
      expect(result).toEqual({ reason: "malformed" });
    }
  });

  it("hides its value when sealed", async () => {
    const sessions = manager();
    const cookie = sealedCookie(sessions, { name: "pass", keys: newKey() });
    const pair = await pairOf(sessions, cookie, { code: "tell nobody" });
    expect(Buffer.from(pair.split("=")[1] ?? "", "base64url").toString("latin1")).not.toMatch(
      /nobody|code/,
    );
  });

  it("counts for what its schema accepts", async () => {
    const sessions = manager();
    const keys = newKey();
    const loose = signedCookie(sessions, { name: "pass", keys });
    const schema = z.object({ group: z.number(), note: z.string().default("none") });
    const strict = signedCookie(sessions, { name: "pass", keys, schema });
    const good = await pairOf(sessions, loose, { group: 3 });
    const { result } = await within(sessions, good, (request) => strict.get(request));
    expect(result).toEqual({ group: 3, note: "none" });
    const bad = await pairOf(sessions, loose, { group: "three" });
    const refused = await within(sessions, bad, (request) => strict.inspect(request));
    expect(refused.result).toEqual({ reason: "schema" });
    const { result: error } = await within(sessions, undefined, (request) =>
      caught(() => strict.set(request, { group: Number("3"), note: 7 as unknown as string })),
    );
    expect(error).toBeInstanceOf(CodecError);
    expect(error).toMatchObject({ reason: "schema", path: "pass.note" });
  });
});

describe("a plain cookie", () => {
  it("stands as it is, but for what no cookie can carry", async () => {
    const sessions = manager();
    const theme = plainCookie(sessions, { name: "theme" });
    expect(await pairOf(sessions, theme, "dark")).toBe("__Host-Http-theme=dark");
    for (const value of ["", "a b", 'x"y,z;\\', "100%", "ä€😀", "\0\r\n"]) {
      const pair = await pairOf(sessions, theme, value);
      expect(pair).toMatch(/^__Host-Http-theme=[\w%.!~*'()-]*$/);
      const { result } = await within(sessions, pair, (request) => theme.get(request));
      expect(result).toBe(value);
    }
  });

  it("is one of its values, or none", async () => {
    const sessions = manager();
    const theme = plainCookie(sessions, { name: "theme", values: ["light", "dark"] });
    const inspect = async (value: string): Promise<unknown> =>
      (await within(sessions, `${theme.name}=${value}`, (request) => theme.inspect(request)))
        .result;
    expect(await inspect("dark")).toMatchObject({ value: "dark" });
    expect(await inspect("black")).toEqual({ reason: "schema" });
    expect(await inspect('"dark"')).toEqual({ reason: "schema" });
    expect(await inspect("%")).toEqual({ reason: "malformed" });
    const { result } = await within(sessions, undefined, (request) =>
      caught(() => theme.set(request, "black" as "dark")),
    );
    expect(result).toMatchObject({ reason: "schema", message: expect.stringMatching(/"light"/) });
  });

  it("holds texts alone", async () => {
    const sessions = manager();
    const theme = plainCookie(sessions, { name: "theme" });
    for (const value of [7, null, undefined, {}, "\ud800"]) {
      const { result, lines } = await within(sessions, undefined, (request) =>
        caught(() => theme.set(request, value as string)),
      );
      expect(result).toBeInstanceOf(CodecError);
      expect(lines).toEqual([]);
    }
  });
});

describe("a cookie of the application's own", () => {
  it("has room for 4096 bytes with its name, and says so when it is set", async () => {
    const sessions = manager();
    const note = plainCookie(sessions, { name: "note" });
    const room = 4_096 - note.name.length;
    expect(await pairOf(sessions, note, "x".repeat(room))).toHaveLength(4_097);
    const { result, lines } = await within(sessions, undefined, (request) =>
      caught(() => note.set(request, "secret".repeat(1_000))),
    );
    expect(result).toBeInstanceOf(CookieTooLargeError);
    expect(result).toMatchObject({ bytes: 6_000 + note.name.length, maxBytes: 4_096 });
    expect(String(result)).toMatch(/"__Host-Http-note".*Keep it in the session/);
    expect(String(result)).not.toMatch(/secretsecret/);
    expect(lines).toEqual([]);
  });

  it("keeps what was set before a set that fails", async () => {
    const sessions = manager();
    const note = plainCookie(sessions, { name: "note" });
    const { lines } = await within(sessions, undefined, (request) => {
      note.set(request, "short");
      return caught(() => note.set(request, "x".repeat(5_000)));
    });
    expect(lines).toEqual(["__Host-Http-note=short; Path=/; Secure; HttpOnly; SameSite=Lax"]);
  });

  it("has the attributes that it is given", async () => {
    const sessions = manager();
    const theme = plainCookie(sessions, {
      name: "theme",
      prefix: "__Secure-",
      domain: "shop.example",
      path: "/app",
      sameSite: "strict",
      httpOnly: false,
      priority: "low",
      maxAge: "400d",
    });
    const { lines } = await within(sessions, undefined, (request) => theme.set(request, "dark"));
    expect(lines).toEqual([
      "__Secure-theme=dark; Domain=shop.example; Path=/app; Secure; SameSite=Strict; Priority=Low; Max-Age=34560000",
    ]);
    const { lines: last } = await within(sessions, undefined, (request) => theme.delete(request));
    expect(last[0]).toMatch(/^__Secure-theme=; Domain=shop.example; Path=\/app; .*Max-Age=0/);
  });

  it("is told apart from what other hosts planted, and heals with the next set", async () => {
    const sessions = manager();
    const keys = newKey();
    const place = { name: "pass", prefix: "__Secure-", keys } as const;
    const wide = signedCookie(sessions, { ...place, domain: "shop.example" });
    const jar = new BrowserJar();
    const visit = async <T>(act: (request: Request) => T): Promise<T> => {
      const { result, lines } = await within(sessions, jar.header(HOME), act);
      jar.store(HOME, lines);
      return result;
    };
    await visit((request) => wide.set(request, "ours"));
    jar.store(HOME, ["__Secure-pass=planted; Domain=www.shop.example; Path=/; Secure"]);
    expect(jar.places("__Secure-pass")).toHaveLength(2);
    expect(await visit((request) => wide.get(request))).toBe("ours");
    await visit((request) => wide.set(request, "ours again"));
    expect(jar.places("__Secure-pass")).toEqual([".shop.example /"]);
    expect(await visit((request) => wide.get(request))).toBe("ours again");
  });

  it("clears others away within what proxies take for the head of a response", async () => {
    const cookie = { prefix: "__Secure-", domain: "shop.example" } as const;
    const sessions = manager({ cookie });
    const names = ["one", "two", "three", "four"];
    const own = names.map((name) => plainCookie(sessions, { name, ...cookie }));
    const sent = ["session", ...names].map((name) => `__Secure-${name}=x; __Secure-${name}=y`);
    const deep = `${HOME}a/b/c/d`;
    const request = new Request(deep, { headers: { cookie: sent.join("; ") } });
    const { headers } = await sessions.handle(request, async (given) => {
      const session = await sessions.open(given);
      session.set("visits", 1);
      for (const one of own) one.set(given, "dark");
      return new Response("done");
    });
    const lines = headers.getSetCookie();
    for (const name of names) {
      expect(lines.filter((line) => line.startsWith(`__Secure-${name}=dark;`))).toHaveLength(1);
    }
    expect(lines.join("").length + lines.length * "Set-Cookie: \r\n".length).toBeLessThan(3_584);
  });

  it("is of several that were signed the one that was set last", async () => {
    const clock = new SetClock();
    const sessions = manager({ clock });
    const keys = newKey();
    const pass = signedCookie(sessions, { name: "pass", prefix: "__Secure-", keys });
    const old = await pairOf(sessions, pass, "old");
    clock.move(1_000);
    const fresh = await pairOf(sessions, pass, "fresh");
    for (const sent of [`${old}; ${fresh}`, `${fresh}; ${old}`, `${fresh}; __Secure-pass=x`]) {
      const { result } = await within(sessions, sent, (request) => pass.get(request));
      expect(result).toBe("fresh");
    }
  });

  it("is none where two plain ones came that differ", async () => {
    const sessions = manager();
    const theme = plainCookie(sessions, { name: "theme", prefix: "__Secure-" });
    const inspect = async (sent: string): Promise<unknown> =>
      (await within(sessions, sent, (request) => theme.inspect(request))).result;
    expect(await inspect("__Secure-theme=dark; __Secure-theme=light")).toEqual({
      reason: "duplicate",
    });
    expect(await inspect("__Secure-theme=dark; __Secure-theme=dark")).toMatchObject({
      value: "dark",
    });
    const strict = plainCookie(sessions, { name: "theme" });
    const twice = `${strict.name}=dark; ${strict.name}=dark`;
    const { result } = await within(sessions, twice, (request) => strict.inspect(request));
    expect(result).toEqual({ reason: "duplicate" });
  });

  it("goes where no session goes, and only there, over plain HTTP", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockReturnValue();
    vi.stubEnv("NODE_ENV", "production");
    const plain = "http://www.shop.example/";
    const sessions = manager();
    const theme = plainCookie(sessions, { name: "theme" });
    const open = plainCookie(sessions, { name: "open", prefix: "", secure: false });
    const { lines, result } = await within(
      sessions,
      undefined,
      (request) => {
        theme.set(request, "dark");
        open.set(request, "yes");
        return theme.get(request);
      },
      plain,
    );
    vi.unstubAllEnvs();
    expect(result).toBe("dark");
    expect(lines).toEqual(["open=yes; Path=/; HttpOnly; SameSite=Lax"]);
    expect(warned.mock.calls.map(([sentence]) => String(sentence))).toEqual([
      expect.stringMatching(
        /^The cookie "theme" was not sent: the connection is plain HTTP.*trust/,
      ),
    ]);
    warned.mockRestore();
  });

  it("goes by a short name over plain HTTP in development", async () => {
    const sessions = manager();
    const note = signedCookie(sessions, { name: "note", keys: newKey(), httpOnly: false });
    const client = testClient(
      (request) =>
        sessions.handle(request, (own) => {
          const before = note.get(own);
          note.set(own, "here");
          return new Response(String(before));
        }),
      { origin: "http://localhost" },
    );
    const first = await client.get("/");
    expect(first.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^note=[\w.-]+; Path=\/; SameSite=Lax$/),
    ]);
    expect(await (await client.get("/")).text()).toBe("here");
  });

  it("is read without an adapter from what sessions.read takes, and not set", async () => {
    const sessions = manager();
    const theme = plainCookie(sessions, { name: "theme" });
    const headers = new Headers({ cookie: `${theme.name}=dark` });
    expect(theme.get(headers)).toBe("dark");
    expect(theme.get(new Request(HOME, { headers }))).toBe("dark");
    expect(() => theme.set(headers, "light")).toThrow(OptionsError);
    expect(() => theme.get({})).toThrow(/^get\(request\): no session adapter/);
  });

  it("is known of a copy of the request that is known, or named", async () => {
    const sessions = manager();
    const theme = plainCookie(sessions, { name: "theme" });
    const client = testClient((request) =>
      sessions.handle(request, async (own) => {
        const session = await sessions.open(own);
        session.set("visits", 1);
        const copy = new Request(own);
        if (session.isNew) sessions.alias(own, copy);
        theme.set(copy, "dark");
        return new Response("set");
      }),
    );
    expect((await client.get("/")).headers.getSetCookie()).toHaveLength(2);
    expect((await client.get("/")).headers.getSetCookie()).toHaveLength(1);
  });

  it("stands beside a session in cookies", async () => {
    const [keys, revocations] = [newKey(), durableStore()];
    const sessions = createSessions({ store: cookieStore({ revocations }), keys });
    const draft = sealedCookie(sessions, { name: "draft", keys });
    const client = testClient((request) =>
      sessions.handle(request, async (own) => {
        const session = await sessions.open(own);
        const text = `${session.get("visits") ?? 0} ${draft.get(own) ?? "none"}`;
        session.set("visits", 1);
        draft.set(own, "tea");
        return new Response(text);
      }),
    );
    expect(await (await client.get("/")).text()).toBe("0 none");
    expect(await (await client.get("/")).text()).toBe("1 tea");
    expect(client.refused()).toEqual([]);
    await sessions.close();
  });

  it("refuses what comes too early or too late, each by its own error", async () => {
    const sessions = manager();
    const theme = plainCookie(sessions, { name: "theme" });
    const prefetch = new Request(HOME, { headers: { "Sec-Purpose": "prefetch" } });
    await sessions.handle(prefetch, (own) => {
      for (const act of [() => theme.set(own, "dark"), () => theme.delete(own)]) {
        expect(act).toThrow(PrefetchError);
      }
      return new Response("no");
    });
    const request = new Request(HOME);
    await sessions.handle(request, () => new Response("done"));
    expect(() => theme.set(request, "dark")).toThrow(HeadersSentError);
    expect(() => theme.delete(request)).toThrow('Cannot delete the cookie "__Host-Http-theme"');
    expect(theme.get(request)).toBeUndefined();
  });
});

describe("the options of own cookies", () => {
  const sessions = manager();
  const keys = newKey();

  it("name what is wrong with them", () => {
    const slips: readonly [() => unknown, RegExp][] = [
      [() => plainCookie({} as typeof sessions, { name: "theme" }), /^sessions: /],
      [() => plainCookie(sessions, {} as { name: string }), /^name: must be a cookie name/],
      [() => plainCookie(sessions, { name: "a b" }), /^name: must be a cookie name/],
      [() => plainCookie(sessions, { name: "session" }), /^name: "session" is kept/],
      [() => plainCookie(sessions, { name: "session-seen" }), /is kept for the cookies/],
      [() => plainCookie(sessions, { name: "__Host-x" }), /^name: .*prefix of its own/],
      [() => plainCookie(sessions, { name: "t", values: [] }), /^values: must be a list/],
      [() => plainCookie(sessions, { name: "t", maxAge: "401d" }), /^cookie.maxAge: .*400 days/],
      [() => plainCookie(sessions, { name: "t", path: "/app" }), /^cookie.path: .*__Http-/],
      [
        () => plainCookie(sessions, { name: "t", secure: false }),
        /^cookie.secure: must be true .*prefix: ""/,
      ],
      [
        () => plainCookie(sessions, { name: "t", keys } as { name: string }),
        /^plainCookie.keys: is not known/,
      ],
      [
        () =>
          signedCookie(sessions, { name: "t", secret: keys } as unknown as { name: "t"; keys: "" }),
        /^signedCookie.secret: is not known. Write keys/,
      ],
      [() => sealedCookie(sessions, { name: "t" } as { name: "t"; keys: "" }), /^keys: it needs/],
      [() => sealedCookie(sessions, { name: "t", keys: "password" }), /^keys: the key /],
      [() => sealedCookie(sessions, { name: "t", keys, audience: "" }), /^audience: /],
      [() => sealedCookie(sessions, { name: "t", keys, maxAge: 0 }), /^cookie.maxAge: 0 is not/],
      [
        () => sealedCookie(sessions, { name: "t", keys, schema: {} as z.ZodString }),
        /^schema: it is not a Standard Schema/,
      ],
    ];
    for (const [act, message] of slips) {
      expect(caught(act)).toBeInstanceOf(OptionsError);
      expect(act).toThrow(message);
    }
  });

  it("refuse a schema that takes its time", async () => {
    const schema = z.string().refine(async () => true);
    const late = plainCookie(sessions, { name: "late", schema });
    const { result } = await within(sessions, `${late.name}=x`, (request) =>
      caught(() => late.get(request)),
    );
    expect(String(result)).toMatch(/asynchronously/);
  });
});
