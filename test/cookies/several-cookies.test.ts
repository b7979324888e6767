import { describe, expect, it } from "vitest";
import { cookieCache, cookieStore } from "../../src/cookies/cookie.ts";
import {
  type CookieOptions,
  createSessions,
  memoryStore,
  type Session,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import { issue } from "../../src/testing/index.ts";
import { SetClock } from "../laws/support/clock.ts";
import { BrowserJar } from "./support/browser-jar.ts";
import { bound, durableStore, newKey } from "./support/cookie-world.ts";

type Act = (session: Session<Untyped>) => unknown;
type Make = (cookie: CookieOptions) => Sessions<Untyped>;

const HOME = "https://www.shop.example/";

/** Makers of managers that share what they keep, as one application before and after a change. */
const KINDS: Readonly<Record<string, () => Make>> = {
  "a store": () => {
    const [clock, store] = [new SetClock(), memoryStore()];
    return (cookie) =>
      createSessions<Untyped>({ store: bound(store), cookie, clock }) as Sessions<Untyped>;
  },
  cookieCache: () => {
    const [clock, store, keys] = [new SetClock(), memoryStore(), newKey()];
    return (cookie) => {
      const cached = cookieCache(bound(store), { maxStaleness: "30s" });
      return createSessions<Untyped>({ store: cached, keys, cookie, clock }) as Sessions<Untyped>;
    };
  },
  cookieStore: () => {
    const [clock, revocations, keys] = [new SetClock(), durableStore(), newKey()];
    return (cookie) => {
      const store = cookieStore({ revocations: bound(revocations) });
      return createSessions<Untyped>({ store, keys, cookie, clock }) as Sessions<Untyped>;
    };
  },
  "cookieStore in chunks": () => {
    const [clock, revocations, keys] = [new SetClock(), durableStore(), newKey()];
    return (cookie) => {
      const store = cookieStore({ revocations: bound(revocations), chunks: 3 });
      const options = { store, keys, cookie, clock, defaults: {} };
      return createSessions<Untyped>(options) as Sessions<Untyped>;
    };
  },
};

async function visit(
  sessions: Sessions<Untyped>,
  jar: BrowserJar,
  act: Act,
  url = HOME,
): Promise<unknown> {
  const cookie = jar.header(url);
  const request = new Request(url, cookie === "" ? {} : { headers: { cookie } });
  const response = await sessions.handle(request, async () => {
    const session = await sessions.open(request);
    return Response.json((await act(session)) ?? null);
  });
  jar.store(url, response.headers.getSetCookie());
  expect(response.status).toBe(200);
  return response.json();
}

const user: Act = (session) => session.userId;
/** Large enough for several chunks, where there are any. */
const signIn: Act = async (session) => {
  await session.signIn("ada", { persistent: true });
  session.set("n", "x".repeat(1_500));
};

/** What a page of the browser holds of the session itself, in one place. */
function expectOnePlace(jar: BrowserJar, names: readonly string[]): void {
  const several = names.map((name) => [name, jar.places(name)]);
  expect(several.filter(([, places = ""]) => places.length > 1)).toEqual([]);
}

const namesOf = (base: string): string[] =>
  ["", "-seen", "-cache", "-0", "-1", "-2"].map((suffix) => base + suffix);

describe.each(Object.keys(KINDS))("several cookies of one name, of %s", (kind) => {
  const make = (): Make => (KINDS[kind] ?? expect.unreachable())();

  it.each<[string, string, CookieOptions, string]>([
    ["deeper", "__Secure-", { domain: "shop.example" }, "Domain=shop.example; Path=/account"],
    [
      "deeper, with a slash",
      "__Secure-",
      { domain: "shop.example" },
      "Domain=shop.example; Path=/account/",
    ],
    [
      "in a partition",
      "__Secure-",
      { domain: "shop.example" },
      "Domain=shop.example; Path=/; Partitioned",
    ],
    ["beside the host's own", "__Secure-", {}, "Domain=shop.example; Path=/"],
    ["beside the host's own", "__Http-", {}, "Domain=shop.example; Path=/"],
    ["without a prefix", "", { domain: "shop.example" }, "Domain=shop.example; Path=/account"],
  ])("heal where a sibling plants one %s, %s", async (_name, prefix, options, place) => {
    const sessions = make()({ prefix: prefix as "", ...options });
    const jar = new BrowserJar();
    for (const name of namesOf(`${prefix}session`)) {
      const line = `${name}=x; ${place}; Secure; HttpOnly`;
      jar.store("https://evil.shop.example/", [line]);
    }
    const page = `${HOME}account/card`;
    await visit(sessions, jar, signIn, page);
    // Where much data leaves little room, not every place is named at once.
    for (let times = 0; times < 25; times += 1) {
      expect(await visit(sessions, jar, user, page)).toBe("ada");
      expect(await visit(sessions, jar, user)).toBe("ada");
    }
    expectOnePlace(jar, namesOf(`${prefix}session`));
  });

  it.each<[string, CookieOptions, CookieOptions]>([
    ["a Domain is added", { prefix: "__Secure-" }, { prefix: "__Secure-", domain: "shop.example" }],
    [
      "the Domain is widened",
      { prefix: "__Secure-", domain: "www.shop.example" },
      { prefix: "__Secure-", domain: "shop.example" },
    ],
    ["the Domain goes", { prefix: "__Http-", domain: "shop.example" }, { prefix: "__Http-" }],
    ["the Path is shortened", { prefix: "__Secure-", path: "/account" }, { prefix: "__Secure-" }],
    ["the Path is lengthened", { prefix: "" }, { prefix: "", path: "/account" }],
    ["partitioned is switched on", { sameSite: "none" }, { sameSite: "none", partitioned: true }],
    [
      "partitioned is switched on, with a Domain",
      { prefix: "__Secure-", sameSite: "none" },
      { prefix: "__Secure-", sameSite: "none", partitioned: true },
    ],
  ])("leave whoever signs in signed in where %s", async (_name, before, after) => {
    const managers = make();
    const [old, now] = [managers(before), managers({ ...after })];
    const jar = new BrowserJar();
    const page = `${HOME}account/card`;
    await visit(old, jar, signIn, page);
    expect(await visit(now, jar, user, page)).toBe("ada");
    await visit(now, jar, signIn, page);
    await visit(now, jar, (session) => session.set("n", "newer"), page);
    for (let times = 0; times < 25; times += 1) {
      const seen = await visit(now, jar, (session) => [session.userId, session.get("n")], page);
      expect(seen).toEqual(["ada", "newer"]);
    }
    const { prefix = "__Host-Http-" } = after;
    expectOnePlace(jar, namesOf(`${prefix}session`));
  });

  it("keep a remembered visitor whose old cookie meets an anonymous one in the new place", async () => {
    const managers = make();
    const old = managers({ prefix: "__Secure-" });
    const now = managers({ prefix: "__Secure-", domain: "shop.example" });
    const jar = new BrowserJar();
    await visit(old, jar, signIn);
    // The visitor is unknown at another host of the domain, and puts something into the cart there.
    await visit(now, jar, (session) => session.set("n", 1), "https://app.shop.example/");
    for (let times = 0; times < 3; times += 1) expect(await visit(now, jar, user)).toBe("ada");
    expect(await visit(now, jar, user, "https://app.shop.example/")).toBe("ada");
    expectOnePlace(jar, namesOf("__Secure-session"));
  });

  it("that cannot be without an attack are all refused, and the next sign-in lasts", async () => {
    const managers = make();
    const [partitioned, now] = [managers({ partitioned: true }), managers({})];
    const jar = new BrowserJar();
    await visit(partitioned, jar, signIn);
    const other = new BrowserJar();
    await visit(now, other, signIn);
    for (const pair of other.header(HOME).split("; ")) {
      jar.store(HOME, [`${pair}; Path=/; Secure; HttpOnly`]);
    }
    expect(await visit(now, jar, user)).toBeNull();
    expect(jar.header(HOME)).toBe("");
    await visit(now, jar, signIn);
    for (let times = 0; times < 3; times += 1) expect(await visit(now, jar, user)).toBe("ada");
  });
});

describe("a page with a long path", () => {
  it("does not delete the current cookie beside a stale one", async () => {
    const sessions = KINDS["a store"]?.()({ prefix: "" }) ?? expect.unreachable();
    const jar = new BrowserJar();
    jar.store("https://old.shop.example/", ["session=stale; Domain=shop.example; Path=/; Secure"]);
    await visit(sessions, jar, signIn);
    jar.store("https://old.shop.example/", ["session=stale; Domain=shop.example; Path=/; Secure"]);
    for (const length of [900, 1_023, 1_024, 1_100, 8_000]) {
      expect(await visit(sessions, jar, user, `${HOME}${"a".repeat(length)}`)).toBe("ada");
      expect(await visit(sessions, jar, user)).toBe("ada");
      jar.store("https://old.shop.example/", [
        "session=stale; Domain=shop.example; Path=/; Secure",
      ]);
    }
  });

  it("does not even where the browser takes the host's Domain for the host", async () => {
    const sessions = KINDS["a store"]?.()({ prefix: "" }) ?? expect.unreachable();
    const { cookie, value } = await issue(sessions, { userId: "ada" });
    const headers = { cookie: `${cookie}; session=${"A".repeat(43)}` };
    const request = new Request(HOME, { headers });
    const response = await sessions.handle(request, async () => {
      await sessions.open(request);
      return new Response();
    });
    const lines = response.headers.getSetCookie();
    expect(lines.findLastIndex((line) => /Max-Age=0/.test(line))).toBeLessThan(lines.length - 1);
    expect(lines.at(-1)).toContain(`session=${value}; Path=/; `);
  });
});
