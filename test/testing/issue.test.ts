import { describe, expect, expectTypeOf, it, vi } from "vitest";
import { CodecError, OptionsError, StoreError } from "../../src/core/errors.ts";
import type { SessionOptions } from "../../src/create-sessions.ts";
import { createSessions } from "../../src/create-sessions.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { WatchedStore } from "../../src/testing/adapter/watched-store.ts";
import { type IssuedCookie, issue, testClock } from "../../src/testing/index.ts";

interface Shop {
  cart: string[];
  theme: "light" | "dark";
}

const clock = testClock(Date.UTC(2030, 0, 1));

function manager(options: SessionOptions = {}) {
  const store = new WatchedStore(memoryStore());
  const defaults: Shop = { cart: [], theme: "light" };
  return { store, sessions: createSessions<Shop>({ store, clock, ...options, defaults }) };
}

function headers({ cookie }: Pick<IssuedCookie, "cookie">): Headers {
  return new Headers({ cookie });
}

describe("issue", () => {
  it("makes a session with its user and its data, and gives the cookie of it", async () => {
    const { sessions } = manager();
    const issued = await issue(sessions, { userId: "ada", data: { cart: ["tea"] } });
    const view = await sessions.read(headers(issued));
    expect(view?.userId).toBe("ada");
    expect(view?.authenticatedAt).toBe(clock.now());
    expect(view?.get("cart")).toEqual(["tea"]);
    expect(view?.get("theme")).toBe("light");
    expect(view?.id).toBe(issued.id);
    expect(await sessions.list({ userId: "ada" })).toHaveLength(1);
  });

  it("writes the cookie as HTTPS carries it", async () => {
    const { sessions } = manager();
    const { name, value, cookie, setCookie } = await issue(sessions);
    expect(name).toBe("__Host-Http-session");
    expect(value).toMatch(/^[\w-]{43}$/);
    expect(cookie).toBe(`${name}=${value}`);
    expect(setCookie).toBe(`${cookie}; Path=/; Secure; HttpOnly; SameSite=Lax`);
  });

  it("makes an anonymous session without data too", async () => {
    const { sessions, store } = manager();
    const issued = await issue(sessions);
    expect(store.calls).toEqual(["create"]);
    const view = await sessions.read(headers(issued));
    expect(view?.userId).toBeUndefined();
    expect([...(view?.entries() ?? [])]).toEqual([
      ["cart", []],
      ["theme", "light"],
    ]);
  });

  it("remembers a visitor who asked for it", async () => {
    const { sessions } = manager({ persistent: { idleTimeout: "7d", absoluteTimeout: "30d" } });
    const anonymous = await issue(sessions, { persistent: true, data: { theme: "dark" } });
    const ada = await issue(sessions, { persistent: true, userId: "ada" });
    for (const issued of [anonymous, ada]) {
      expect((await sessions.read(headers(issued)))?.persistent).toBe(true);
      expect(issued.setCookie).toMatch(/; Max-Age=2592000; Expires=/);
    }
    expect((await sessions.read(headers(anonymous)))?.get("theme")).toBe("dark");
  });

  it("gives the development cookie beside it, but in production", async () => {
    const { development, value } = await issue(manager().sessions);
    expect(development).toEqual({
      name: "session",
      value,
      cookie: `session=${value}`,
      setCookie: `session=${value}; Path=/; HttpOnly; SameSite=Lax`,
    });
    vi.stubEnv("NODE_ENV", "production");
    expect((await issue(manager().sessions)).development).toBeUndefined();
    vi.unstubAllEnvs();
  });

  it("goes by the manager's name and cookie", async () => {
    const cookie = { prefix: "__Secure-", path: "/shop", sameSite: "strict" } as const;
    const { setCookie } = await issue(manager({ name: "staff", cookie }).sessions);
    expect(setCookie).toMatch(/^__Secure-staff=[\w-]{43}; Path=\/shop; .*SameSite=Strict$/);
  });

  it("refuses what a session could not hold", async () => {
    const { sessions, store } = manager();
    const foreign = { cart: [() => "tea"] } as unknown as { cart: string[] };
    await expect(issue(sessions, { data: foreign })).rejects.toThrow(CodecError);
    expect(store.calls).toEqual([]);
  });

  it.each([
    [{ user: "ada" }, /issue\(options\)\.user: .*Known are userId, data, persistent/],
    [{ userId: "" }, /userId/],
    [{ userId: 42 }, /userId/],
    [{ data: "tea" }, /issue\(data\)/],
    [{ data: ["tea"] }, /issue\(data\)/],
    [{ persistent: "yes" }, /issue\(persistent\)/],
    ["ada", /issue\(options\)/],
  ])("refuses %j with a sentence", async (options, sentence) => {
    const issuing = issue(manager().sessions, options as object);
    await expect(issuing).rejects.toThrow(OptionsError);
    await expect(issuing).rejects.toThrow(sentence);
  });

  it("refuses what createSessions did not make", async () => {
    await expect(issue({} as ReturnType<typeof manager>["sessions"])).rejects.toThrow(OptionsError);
  });

  it("passes on that the store cannot answer", async () => {
    const { sessions, store } = manager();
    store.fail();
    await expect(issue(sessions, { userId: "ada" })).rejects.toThrow(StoreError);
  });

  it("knows the types of the data", () => {
    const { sessions } = manager();
    expectTypeOf(issue<Shop>)
      .parameter(0)
      .toEqualTypeOf(sessions);
    // @ts-expect-error there is no such theme
    void (() => issue(sessions, { data: { theme: "blue" } }));
    // @ts-expect-error there is no such key
    void (() => issue(sessions, { data: { basket: [] } }));
  });
});
