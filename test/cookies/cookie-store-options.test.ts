import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type CookieStore,
  type CookieStoreOptions,
  cookieStore,
} from "../../src/cookies/cookie.ts";
import {
  createSessions,
  memoryStore,
  OptionsError,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import { durableStore, NONE, newKey } from "./support/cookie-world.ts";

const refusedBy = (make: () => unknown): OptionsError => {
  try {
    make();
  } catch (error) {
    if (error instanceof OptionsError) return error;
  }
  throw new Error("It was not refused.");
};

const evicting = (): SessionStore => {
  const store = durableStore();
  const profile = { ...store.profile, eviction: "anonymous-first" } as const;
  const { load, create, update, end } = store;
  return { profile, load, create, update, end };
};

describe("cookieStore", () => {
  it.each<[string, object | undefined, string, RegExp]>([
    ["nothing", undefined, "cookieStore", /must be an object/],
    ["no revocations", {}, "cookieStore.revocations", /or the words "none: a copied cookie/],
    ["a bare none", { revocations: "none" }, "cookieStore.revocations", /or the words/],
    ["null", { revocations: null }, "cookieStore.revocations", /takes a store/],
    [
      "a forgetful store",
      { revocations: memoryStore() },
      "cookieStore.revocations",
      /at a restart/,
    ],
    ["an evicting store", { revocations: evicting() }, "cookieStore.revocations", /make room/],
    ["keys", { revocations: NONE, keys: [] }, "cookieStore.keys", /to createSessions/],
    ["five chunks", { revocations: NONE, chunks: 5 }, "cookieStore.chunks", /from 1 to 4/],
    ["half a chunk", { revocations: NONE, chunks: 1.5 }, "cookieStore.chunks", /whole number/],
    ["too few bytes", { revocations: NONE, maxBytes: 1_023 }, "cookieStore.maxBytes", /from 1024/],
    ["too many bytes", { revocations: NONE, maxBytes: 4_097 }, "cookieStore.maxBytes", /to 4096/],
    [
      "more bytes than servers take",
      { revocations: NONE, chunks: 4, maxBytes: 14_337 },
      "cookieStore.maxBytes",
      /to 14336/,
    ],
    [
      "no duration",
      { revocations: NONE, maxStaleness: 0 },
      "cookieStore.maxStaleness",
      /not a duration/,
    ],
    [
      "an answer that counts for long",
      { revocations: NONE, maxStaleness: "301s" },
      "cookieStore.maxStaleness",
      /must not exceed "5m"/,
    ],
  ])("refuses %s", (_name, options, option, sentence) => {
    const error = refusedBy(() => cookieStore(options as CookieStoreOptions));
    expect([error.option, error.message]).toEqual([option, expect.stringMatching(sentence)]);
  });

  it("asks for revocations by type", () => {
    type Asked = CookieStoreOptions["revocations"];
    expectTypeOf<undefined>().not.toExtend<Asked>();
    expectTypeOf<"none">().not.toExtend<Asked>();
    expectTypeOf<SessionStore>().toExtend<Asked>();
    expectTypeOf<typeof NONE>().toExtend<Asked>();
    // @ts-expect-error what is lost without has to be read
    expect(() => cookieStore({})).toThrow();
  });
});

describe("createSessions", () => {
  const store = (): CookieStore => cookieStore({ revocations: NONE });
  const withKeys = (keys: string[]): Sessions<Untyped> => createSessions({ store: store(), keys });

  it("asks for keys by type, and at their first use", async () => {
    // @ts-expect-error a cookie is sealed
    for (const sessions of [createSessions({ store: store() }), withKeys([""]), withKeys([])]) {
      const refused = { option: "keys", message: expect.stringContaining("npx sojourn secret") };
      await expect(sessions.prepare()).rejects.toMatchObject(refused);
      await expect(sessions.read(new Headers())).rejects.toMatchObject(refused);
    }
  });

  it.each([["correct horse battery staple"], ["A".repeat(43)], [newKey().slice(0, 20)]])(
    "refuses the weak key %j",
    (key) => {
      const error = refusedBy(() => createSessions({ store: store(), keys: [key] }));
      expect(error.option).toBe("keys");
      expect(error.message).toContain("npx sojourn secret");
      expect(error.message).not.toContain(key);
    },
  );

  it.each([[""], [5], ["\ud800"], [null]])("refuses the audience %j", (audience) => {
    const options = { store: store(), keys: newKey(), audience: audience as string };
    const { option, message } = refusedBy(() => createSessions(options));
    expect([option, message]).toEqual(["audience", expect.stringContaining('"admin"')]);
  });

  it("refuses an audience for other stores, by type too", () => {
    const make = (): unknown =>
      // @ts-expect-error nothing is sealed
      createSessions({ store: memoryStore(), audience: "admin" });
    expect(refusedBy(make).message).toContain("for cookieStore and cookieCache");
  });

  it("refuses keys for other stores, by type too", () => {
    const make = (): unknown =>
      // @ts-expect-error a token needs no key
      createSessions({ store: memoryStore(), keys: [newKey()] });
    expect(refusedBy(make).message).toContain("nothing to sign");
  });

  it("takes schemas, defaults, and all other options with it", () => {
    const sessions = createSessions({
      store: store(),
      keys: newKey(),
      defaults: { visits: 0 },
      cookie: { sameSite: "strict" },
      idleTimeout: "1h",
    });
    expectTypeOf(sessions.read).returns.resolves.toExtend<{ readonly id: string } | undefined>();
  });

  it("knows two managers of one name on one store of revocations", () => {
    const revocations = durableStore();
    const make = (): unknown =>
      createSessions({ store: cookieStore({ revocations }), keys: newKey() });
    make();
    expect(refusedBy(make).option).toBe("name");
  });
});
