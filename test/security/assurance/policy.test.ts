import { describe, expect, it } from "vitest";
import { createSessions, memoryStore, type SessionOptions } from "../../../src/index.ts";
import { describePolicy, nist, owasp } from "../../../src/security/assurance/index.ts";
import { DAY, HOUR, MINUTE } from "../../laws/support/clock.ts";
import { World } from "../../laws/support/world.ts";

const policyOf = (options: Partial<SessionOptions>): ReturnType<typeof describePolicy> =>
  describePolicy(createSessions({ store: memoryStore(), ...options }));

describe("a policy", () => {
  it("is told as the sessions live by it [ASVS 7.1.1]", () => {
    const text = String(policyOf({ ...nist("aal2"), longest: "48h", anonymous: "2d" }));
    expect(text).toBe(
      [
        'Policy of the sessions "session" (OWASP ASVS 5.0, 7.1.1; timeouts: 7.3.1, 7.3.2)',
        "  signed in:   idle 1 h, absolute 24 h",
        "  remembered:  nobody",
        "  anonymous:   idle 2 d, absolute 2 d",
        "  asked for:   up to idle 2 d, absolute 2 d",
        "  protections: none",
        "NIST SP 800-63B-4",
        "  AAL1: within its limits",
        "  AAL2: beyond its limits",
        "    asked for: idle 2 d, more than 1 h (2.2.3)",
        "    asked for: absolute 2 d, more than 24 h (2.2.3)",
        "  AAL3: beyond its limits",
        "    signed in: idle 1 h, more than 15 m (2.3.3)",
        "    signed in: absolute 24 h, more than 12 h (2.3.3)",
        "    asked for: idle 2 d, more than 15 m (2.3.3)",
        "    asked for: absolute 2 d, more than 12 h (2.3.3)",
      ].join("\n"),
    );
  });

  it("names the protections, and what the defaults go beyond", () => {
    const protections = [{ name: "test", protect: () => ({}) }];
    const policy = policyOf({ protections });
    expect(policy.protections).toEqual(["test"]);
    expect(policy.persistent).toEqual({ idleTimeoutMs: 14 * DAY, absoluteTimeoutMs: 90 * DAY });
    expect(policy.deviations.aal1).toEqual([
      "remembered: absolute 90 d, more than 30 d (2.1.3)",
      "remembered: the cookie outlives the browser (5.1)",
    ]);
  });

  it.each([
    ["aal1", 30 * DAY, 30 * DAY],
    ["aal2", HOUR, 24 * HOUR],
    ["aal3", 15 * MINUTE, 12 * HOUR],
  ] as const)(
    "of nist(%j) is within the limits of that level [ASVS 7.1.1, NIST 2.1.3, NIST 2.2.3, NIST 2.3.3]",
    (level, idle, absolute) => {
      const { signedIn, persistent, deviations } = policyOf(nist(level));
      expect(signedIn).toEqual({ idleTimeoutMs: idle, absoluteTimeoutMs: absolute });
      expect(persistent).toBeUndefined();
      expect(deviations[level]).toEqual([]);
    },
  );

  it.each([
    ["high-value", 5 * MINUTE, 4 * HOUR],
    ["low-risk", 30 * MINUTE, 8 * HOUR],
  ] as const)("of owasp(%j) is as the cheat sheet has it", (risk, idle, absolute) => {
    expect(policyOf(owasp(risk)).signedIn).toEqual({
      idleTimeoutMs: idle,
      absoluteTimeoutMs: absolute,
    });
  });

  it("is none that there is not", () => {
    expect(() => nist("aal4" as never)).toThrow('nist(level): must be one of "aal1", "aal2"');
    expect(() => owasp("constructor" as never)).toThrow("owasp(risk): must be one of");
    expect(() => describePolicy({})).toThrow("it was not made by createSessions()");
  });

  it.each([Number.POSITIVE_INFINITY, 0, -1, null, false, "never"])(
    "never lacks an absolute timeout: %j is none [ASVS 7.3.2]",
    (absoluteTimeout) => {
      expect(() => policyOf({ absoluteTimeout: absoluteTimeout as never })).toThrow(
        "absoluteTimeout:",
      );
      expect(policyOf({ absoluteTimeout: undefined }).signedIn.absoluteTimeoutMs).toBe(12 * HOUR);
    },
  );
});

describe("with persistent: false", () => {
  it("nobody is remembered: no cookie has a lifetime, and to ask for one is an error", async () => {
    const world = new World({ ...nist("aal2") });
    const browser = world.browser();
    const refusal = "persistent: createSessions says `persistent: false`";
    const { json } = await browser.visit(async (session) => {
      const asked = session.signIn("ada", { persistent: true });
      const refused = await asked.catch((error: Error) => error.message);
      try {
        session.persistent = true;
      } catch (error) {
        return [refused, (error as Error).message];
      }
      return [];
    });
    expect(json).toEqual([expect.stringContaining(refusal), expect.stringContaining(refusal)]);
    const { cookies } = await browser.visit((session) => session.signIn("ada"));
    expect(cookies.join()).toContain("__Host-Http-session=");
    expect(cookies.join()).not.toMatch(/Max-Age|Expires/i);
  });

  it("whoever was remembered under other options is no more from their next sign-in on", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit((session) => session.signIn("ada", { persistent: true }));
    const strict = browser.copy(world.process({ ...nist("aal2"), name: "session" }));
    const { cookies } = await strict.visit((session) => session.signIn("ada"));
    expect(cookies.join()).not.toMatch(/Max-Age|Expires/i);
    const { json } = await strict.visit((session) => [session.endsAt, session.persistent]);
    expect(json).toEqual([world.clock.now() + 24 * HOUR, false]);
  });
});
