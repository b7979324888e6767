import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cookieCache, cookieStore } from "../../src/cookies/cookie.ts";
import { OptionsError } from "../../src/core/errors.ts";
import { resolveSettings } from "../../src/core/options.ts";
import { createSessions, memoryStore } from "../../src/index.ts";

const NONE = "none: a copied cookie works until it expires, signed out or not";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Calls it as JavaScript may: with anything. */
function refusal(options: unknown): OptionsError {
  try {
    Reflect.apply(createSessions, undefined, [options]);
  } catch (error) {
    if (error instanceof OptionsError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function refusalWithStore(options: object): OptionsError {
  return refusal({ store: memoryStore(), ...options });
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("the settings, left out", () => {
  it("are the ones that the README states", () => {
    const { name, policies, storeTimeoutMs, maxDataBytes, cacheControl } = resolveSettings({});
    const short = { idleTimeoutMs: 30 * MINUTE_MS, absoluteTimeoutMs: 12 * HOUR_MS };
    expect(policies).toEqual({
      signedIn: short,
      anonymous: short,
      persistent: { idleTimeoutMs: 14 * DAY_MS, absoluteTimeoutMs: 90 * DAY_MS },
    });
    expect([name, storeTimeoutMs, maxDataBytes, cacheControl]).toEqual([
      "session",
      5_000,
      262_144,
      "private",
    ]);
  });

  it("are those of the signed-in for the anonymous", () => {
    const { policies } = resolveSettings({
      idleTimeout: "10m",
      anonymous: { absoluteTimeout: "1h" },
    });
    expect(policies.anonymous).toEqual({
      idleTimeoutMs: 10 * MINUTE_MS,
      absoluteTimeoutMs: HOUR_MS,
    });
    expect(policies.signedIn).toEqual({
      idleTimeoutMs: 10 * MINUTE_MS,
      absoluteTimeoutMs: 12 * HOUR_MS,
    });
  });
});

describe("a timeout", () => {
  it.each([["31d"], [31 * DAY_MS]] as const)("that is a single duration is both: %s", (given) => {
    const { policies } = resolveSettings({ persistent: given, anonymous: "1h" });
    const both = { idleTimeoutMs: 31 * DAY_MS, absoluteTimeoutMs: 31 * DAY_MS };
    expect(policies.persistent).toEqual(both);
    const hour = { idleTimeoutMs: HOUR_MS, absoluteTimeoutMs: HOUR_MS };
    expect(policies.anonymous).toEqual(hour);
  });

  it("that is no duration says what to write", () => {
    expect(refusalWithStore({ persistent: true }).message).toContain('"31d"');
    expect(refusalWithStore({ persistent: "a month" }).message).toContain('"7d"');
  });

  it.each([
    [
      { idleTimeout: "31d" },
      /^idleTimeout: "31d" .*absoluteTimeout, which is "12h" unless you set/,
    ],
    [{ idleTimeout: "31d" }, /Write absoluteTimeout: "31d" as well/],
    [{ idleTimeout: "2h", absoluteTimeout: "1h" }, /absoluteTimeout, which is "1h" and/],
    [{ persistent: { idleTimeout: "91d" } }, /persistent\.absoluteTimeout, which is "90d" unless/],
    [{ anonymous: { idleTimeout: "13h" } }, /anonymous\.absoluteTimeout, which is "12h" unless/],
    [{ absoluteTimeout: "2h", anonymous: { idleTimeout: "3h" } }, /which is "2h" unless/],
  ])("that another would always come before names it, and its default: %o", (options, words) => {
    expect(refusalWithStore(options).message).toMatch(words);
  });

  it("that is shorter than the default of the idle one shortens that", () => {
    const { policies } = resolveSettings({
      absoluteTimeout: "10m",
      persistent: { absoluteTimeout: "7d" },
    });
    const short = { idleTimeoutMs: 10 * MINUTE_MS, absoluteTimeoutMs: 10 * MINUTE_MS };
    expect(policies.signedIn).toEqual(short);
    expect(policies.anonymous).toEqual(short);
    expect(policies.persistent).toEqual({
      idleTimeoutMs: 7 * DAY_MS,
      absoluteTimeoutMs: 7 * DAY_MS,
    });
  });
});

describe("an option", () => {
  it.each<[string, object]>([
    ["idleTimeout", { idleTimeout: "30 minutes" }],
    ["idleTimeout", { idleTimeout: 0 }],
    ["idleTimeout", { idleTimeout: null }],
    ["idleTimeout", { idleTimeout: "13h" }],
    ["absoluteTimeout", { absoluteTimeout: "forever" }],
    ["persistent.idleTimeout", { persistent: { idleTimeout: "91d" } }],
    ["persistent.absoluteTimeout", { persistent: { absoluteTimeout: -1 } }],
    ["persistent.maxAge", { persistent: { maxAge: "1d" } }],
    ["anonymous.idleTimeout", { anonymous: { idleTimeout: "13h" } }],
    ["anonymous", { anonymous: null }],
    ["anonymous", { anonymous: "an hour" }],
    ["persistent", { persistent: true }],
    ["persistent", { persistent: [] }],
    ["persistent", { persistent: 0 }],
    ["storeTimeout", { storeTimeout: "soon" }],
    ["maxDataBytes", { maxDataBytes: 0 }],
    ["maxDataBytes", { maxDataBytes: 1.5 }],
    ["maxDataBytes", { maxDataBytes: "256k" }],
    ["cacheControl", { cacheControl: "public" }],
    ["clock", { clock: 0 }],
    ["clock", { clock: null }],
    ["cookie.sameSite", { cookie: { sameSite: "LAX" } }],
    ["cookie.maxage", { cookie: { maxage: 1 } }],
    ["trustProxy", { trustProxy: true }],
    ["schema", { schema: {} }],
    ["defaults", { defaults: [] }],
    ["migrate", { migrate: () => ({}) }],
    ["idleTimout", { idleTimout: "1h" }],
  ])("that is wrong is named: %s in %o", (option, options) => {
    expect(refusalWithStore(options).option).toBe(option);
  });

  it.each([[null], [1], ["memory"], [{}], [{ load: () => undefined }], [memoryStore]])(
    "store may not be %o",
    (store) => {
      expect(refusal({ store }).option).toBe("store");
    },
  );

  it.each([[null], ["memory"], [1]])("object may not be %o", (options) => {
    expect(refusal(options)).toBeInstanceOf(OptionsError);
  });

  it.each([
    ["secret", "nothing to sign"],
    ["keys", "nothing to sign"],
    ["password", "nothing to sign"],
    ["resave", "Leave it out"],
    ["saveUninitialized", "Leave it out"],
    ["rolling", "Leave it out"],
    ["unset", "session.destroy()"],
    ["genid", "secure source of randomness"],
    ["proxy", "trustProxy"],
    ["ttl", "idleTimeout"],
    ["maxAge", "idleTimeout"],
    ["cookieName", "Write name"],
  ])("of another library gets advice: %s", (option, advice) => {
    const { message } = refusalWithStore({ [option]: "x" });
    expect(message).toContain(option);
    expect(message).toContain(advice);
  });

  it("that is not known is answered with those that are", () => {
    expect(refusalWithStore({ idleTimout: "1h" }).message).toMatch(/Known are .*idleTimeout/);
  });

  it("shows nothing of a secret that was passed by mistake", () => {
    expect(refusalWithStore({ secret: "hunter2" }).message).not.toContain("hunter2");
  });

  it.each(["", "a b", "a;b", "a=b", "é", "__Host-x", "__Secure-x", "a\nb", 'a"'])(
    "name may not be %j",
    (name) => {
      expect(refusalWithStore({ name }).message).toMatch(/name/);
    },
  );
});

describe("the construction of a manager", () => {
  let warnings: string[];

  beforeEach(() => {
    warnings = [];
    vi.spyOn(process, "emitWarning").mockImplementation((text) => void warnings.push(String(text)));
  });

  it("asks the store nothing, starts no timer and draws nothing", () => {
    const calls: PropertyKey[] = [];
    const store = new Proxy(memoryStore(), {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          calls.push(property);
          return Reflect.apply(value, target, args);
        };
      },
    });
    vi.useFakeTimers();
    createSessions({ store });
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    expect(calls).toEqual([]);
  });

  it("says once, in development, that memory forgets", () => {
    vi.stubEnv("NODE_ENV", "development");
    createSessions();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/end with this process.*choose a store/);
  });

  it("wants a store to be chosen in production", () => {
    vi.stubEnv("NODE_ENV", "production");
    expect(() => createSessions({ store: memoryStore() })).not.toThrow();
    expect(warnings).toEqual([]);
  });

  // `vite build` and `next build` import the module that makes the manager.
  it.each([
    ["a store", () => createSessions(), /choose one in production.*sqliteStore.*memoryStore/],
    [
      "keys",
      () => createSessions({ store: cookieStore({ revocations: NONE }), keys: [""] }),
      /npx sojourn secret/,
    ],
    [
      "keys",
      () =>
        createSessions({ store: cookieCache(memoryStore(), { maxStaleness: "10s" }), keys: [] }),
      /npx sojourn/,
    ],
  ])(
    "asks for %s where it is first used, so that a build may do without",
    async (_, make, says) => {
      vi.stubEnv("NODE_ENV", "production");
      const sessions = make();
      const refused = { constructor: OptionsError, message: expect.stringMatching(says) };
      const request = new Request("https://shop.example/");
      const untouched = await sessions.handle(request, () => new Response("no session"));
      expect(untouched.status).toBe(200);
      const opening = sessions.handle(request, async () => {
        await expect(sessions.open(request)).rejects.toMatchObject(refused);
        return new Response();
      });
      await opening;
      await expect(sessions.read(request)).rejects.toMatchObject(refused);
      await expect(sessions.prepare()).rejects.toMatchObject(refused);
      await expect(sessions.find("x")).rejects.toMatchObject(refused);
      await expect(sessions.revokeAll({ userId: "ada" })).rejects.toMatchObject(refused);
      await sessions.close();
    },
  );
});
