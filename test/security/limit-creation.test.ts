import { RateLimiterMemory } from "rate-limiter-flexible";
import { describe, expect, it } from "vitest";
import {
  type CreationLimit,
  limitCreation,
  RateLimitError,
} from "../../src/security/limits/index.ts";
import type { Browser } from "../laws/support/browser.ts";
import { World } from "../laws/support/world.ts";

interface Counted {
  readonly world: World;
  readonly limit: CreationLimit;
  /** A visitor of that address who puts something into a new session. */
  begin(address: string, headers?: Record<string, string>): Promise<Response>;
}

/** Two of each kind for a client; what it goes by is noted. */
function counted(points = 2, options: Record<string, unknown> = {}): Counted & { keys: string[] } {
  const limiter = new RateLimiterMemory({ points, duration: 30 });
  const keys: string[] = [];
  const consume = (key: string): Promise<unknown> => {
    keys.push(key);
    return limiter.consume(key);
  };
  const limit = limitCreation({ consume, ...options });
  const world = new World({ protections: [limit], trustProxy: ["loopback"] });
  const begin = (remoteAddress: string, headers = {}): Promise<Response> => {
    const request = new Request("https://localhost/", { headers });
    return world.sessions.handle(
      request,
      async () => {
        const session = await world.sessions.open(request);
        session.set("cart", ["apple"]);
        return new Response("added");
      },
      { remoteAddress },
    );
  };
  return { world, limit, keys, begin };
}

describe("a client that begins sessions", () => {
  it("is refused one too many with 429 and Retry-After, and nothing is stored for it", async () => {
    const { world, begin } = counted();
    for (let n = 0; n < 2; n += 1) expect((await begin("192.0.2.7")).status).toBe(200);
    const refused = await begin("192.0.2.7");
    expect([refused.status, await refused.text()]).toEqual([
      429,
      "Too many requests. Please try again later.\n",
    ]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(25);
    expect(refused.headers.getSetCookie()).toEqual([]);
    expect(await world.live()).toBe(2);
    expect(world.told("throttled")).toMatchObject([{ client: "192.0.2.7", attempt: "begin" }]);
    expect((await begin("192.0.2.8")).status).toBe(200);
  });

  it("is the same client whatever its address of the day, and however that is spelt [CVE-2026-45364]", async () => {
    const { begin, keys } = counted(4);
    await begin("2001:db8:1:2::7");
    await begin("2001:0DB8:1:2:ffff::1");
    await begin("127.0.0.1", { "x-forwarded-for": "1.1.1.1, [2001:db8:1:2:0:0:0:9]:443" });
    await begin("::ffff:127.0.0.1", { "x-forwarded-for": "2001:db8:1:2::7" });
    expect(new Set(keys)).toEqual(new Set(["begin:2001:db8:1:2::/64"]));
    expect((await begin("2001:db8:1:2::8")).status).toBe(429);
  });

  it("is what the application says it is", async () => {
    const { begin, keys } = counted(2, {
      client: ({ header }: { header(name: string): string | undefined }) => header("x-device"),
    });
    await begin("192.0.2.7", { "x-device": "kiosk 4" });
    await begin("192.0.2.7");
    expect(keys).toEqual(["begin:kiosk 4", "begin:192.0.2.7"]);
  });

  it("is not counted for who has a session, who stores nothing, and who signs in", async () => {
    const { world, keys } = counted();
    const browser = await world.signedIn("ada");
    await browser.visit((session) => session.set("cart", ["apple"]));
    await browser.visit((session) => session.regenerate());
    await browser.visit((session) => session.signOut({ keep: ["cart"] }));
    await world.browser().visit((session) => session.get("cart"));
    expect(keys).toEqual([]);
  });

  it("fails with 503 where the limiter cannot count, and with a sentence where nothing tells of a client", async () => {
    const consume = (): Promise<never> => Promise.reject(new Error("the limiter's server is away"));
    const errors: string[] = [];
    const world = new World({
      protections: [limitCreation({ consume })],
      onError: (error: Error) => void errors.push(error.message),
    });
    const set: Parameters<Browser["visit"]>[0] = (session) => session.set("n", 1);
    expect((await world.browser().visit(set)).status).toBe(500);
    expect(errors[0]).toMatch(/^limitCreation.client: nothing is known of the client's address\./);
    const known = new World({
      protections: [limitCreation({ consume, client: () => "somebody" })],
    });
    expect((await known.browser().visit(set)).status).toBe(503);
    expect(await known.live()).toBe(0);
  });
});

describe("a client that tries to sign in", () => {
  it("is refused before anything is looked at, by a count of its own", async () => {
    const { world, limit, keys } = counted(2, { client: () => "somebody" });
    const browser = world.browser();
    const attempt = async (): Promise<unknown> => {
      const answer = await browser.visit(async (session) => {
        const error = await limit.attempt(session).catch((refusal: unknown) => refusal);
        return error instanceof RateLimitError ? [error.code, error.retryAfterSeconds] : "tried";
      });
      return answer.json;
    };
    expect(await attempt()).toBe("tried");
    expect(await attempt()).toBe("tried");
    expect(await attempt()).toEqual(["ERR_SESSION_RATE", 30]);
    expect(keys).toEqual(Array(3).fill("signIn:somebody"));
    expect(world.told("throttled")).toMatchObject([{ attempt: "signIn" }]);
    expect((await browser.visit((session) => limit.attempt(session))).status).toBe(429);
  });

  it("is one with a session", async () => {
    const { limit } = counted();
    await expect(limit.attempt({})).rejects.toThrow("limit.attempt(session): it takes a session");
  });
});

describe("a limit that is misspelt", () => {
  it.each([
    [{}, "limitCreation.consume: must be a function"],
    [{ consume: 5 }, "limitCreation.consume: must be a function."],
    [
      { consume: () => Promise.resolve(), client: "ip" },
      "limitCreation.client: must be a function.",
    ],
    [{ consume: () => Promise.resolve(), key: "ip" }, "limitCreation.key: is not known."],
  ])("is refused: %j", (options, problem) => {
    expect(() => limitCreation(options as never)).toThrow(problem);
  });
});
