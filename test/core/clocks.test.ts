import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  absoluteEndOf,
  type Clocked,
  endOf,
  entersTenth,
  expiredBy,
  GRACE_MS,
  isTouchDue,
  policyFor,
  storeExpiryOf,
} from "../../src/core/clocks.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const instant = fc.integer({ min: 0, max: 4_000_000_000_000 });
const timeout = fc.integer({ min: 1, max: 400 * 24 * HOUR_MS });

const clocked: fc.Arbitrary<Clocked> = fc
  .record({ createdAt: instant, age: fc.nat(90 * 24 * HOUR_MS), one: timeout, other: timeout })
  .map(({ createdAt, age, one, other }) => ({
    createdAt,
    lastSeenAt: createdAt + age,
    idleTimeoutMs: Math.min(one, other),
    absoluteTimeoutMs: Math.max(one, other),
  }));

const SESSION: Clocked = {
  createdAt: 0,
  lastSeenAt: HOUR_MS,
  idleTimeoutMs: 30 * MINUTE_MS,
  absoluteTimeoutMs: 12 * HOUR_MS,
};

describe("the end of a session", () => {
  it("never outlives either limit", () => {
    fc.assert(
      fc.property(clocked, (session) => {
        expect(endOf(session)).toBeLessThanOrEqual(session.lastSeenAt + session.idleTimeoutMs);
        expect(endOf(session)).toBeLessThanOrEqual(session.createdAt + session.absoluteTimeoutMs);
      }),
    );
  });

  it("is the moment from which on it counts as expired", () => {
    fc.assert(
      fc.property(clocked, instant, (session, now) => {
        expect(expiredBy(session, now) !== undefined).toBe(now >= endOf(session));
      }),
    );
  });

  it("is judged at the millisecond", () => {
    expect(expiredBy(SESSION, HOUR_MS + 30 * MINUTE_MS - 1)).toBeUndefined();
    expect(expiredBy(SESSION, HOUR_MS + 30 * MINUTE_MS)).toBe("idle");
    const busy = { ...SESSION, lastSeenAt: 12 * HOUR_MS - 1 };
    expect(expiredBy(busy, 12 * HOUR_MS - 1)).toBeUndefined();
    expect(expiredBy(busy, 12 * HOUR_MS)).toBe("absolute");
  });

  it.each(["createdAt", "lastSeenAt", "idleTimeoutMs", "absoluteTimeoutMs"] as const)(
    "has come where %s is no number any more",
    (damaged) => {
      expect(expiredBy({ ...SESSION, [damaged]: Number.NaN }, 0)).toBeDefined();
    },
  );

  it("is called absolute where both clocks have run out", () => {
    expect(expiredBy(SESSION, 24 * HOUR_MS)).toBe("absolute");
  });

  it("cannot be moved past the absolute one by any activity", () => {
    fc.assert(
      fc.property(clocked, instant, (session, lastSeenAt) => {
        expect(absoluteEndOf({ ...session, lastSeenAt })).toBe(absoluteEndOf(session));
        expect(endOf({ ...session, lastSeenAt })).toBeLessThanOrEqual(absoluteEndOf(session));
      }),
    );
  });

  it("comes later, never earlier, with activity", () => {
    fc.assert(
      fc.property(clocked, fc.nat(), (session, later) => {
        const busier = { ...session, lastSeenAt: session.lastSeenAt + later };
        expect(endOf(busier)).toBeGreaterThanOrEqual(endOf(session));
      }),
    );
  });

  it("is known to the store with a grace", () => {
    fc.assert(
      fc.property(clocked, (session) => {
        expect(storeExpiryOf(session)).toBe(endOf(session) + GRACE_MS);
      }),
    );
  });
});

describe("a touch", () => {
  it("is due once in a tenth of the idle timeout", () => {
    expect(isTouchDue(SESSION, HOUR_MS + 3 * MINUTE_MS - 1)).toBe(false);
    expect(isTouchDue(SESSION, HOUR_MS + 3 * MINUTE_MS)).toBe(true);
  });

  it("enters each tenth once, however often it is written down", () => {
    let lastSeenAt = SESSION.createdAt;
    let entered = 0;
    for (let now = SESSION.createdAt; now <= SESSION.createdAt + HOUR_MS; now += MINUTE_MS) {
      if (entersTenth(SESSION, lastSeenAt, now)) entered += 1;
      lastSeenAt = now;
    }
    expect(entered).toBe(HOUR_MS / (SESSION.idleTimeoutMs / 10));
  });

  it("that is not due ends the session a tenth of the idle timeout early at most", () => {
    fc.assert(
      fc.property(clocked, fc.nat(), (session, later) => {
        const now = session.lastSeenAt + later;
        fc.pre(!isTouchDue(session, now));
        const ifTouched = endOf({ ...session, lastSeenAt: now });
        expect(ifTouched - endOf(session)).toBeLessThan(session.idleTimeoutMs / 10);
      }),
    );
  });

  it("is not due for a clock that runs backwards", () => {
    expect(isTouchDue(SESSION, 0)).toBe(false);
  });
});

describe("the policy", () => {
  const [signedIn, persistent, anonymous] = [1, 2, 3].map((ms) => ({
    idleTimeoutMs: ms,
    absoluteTimeoutMs: ms,
  })) as [Clocked, Clocked, Clocked];
  const policies = { signedIn, persistent, anonymous };

  it.each([
    [{ persistent: false, userId: undefined }, anonymous],
    [{ persistent: false, userId: "u1" }, signedIn],
    [{ persistent: true, userId: "u1" }, persistent],
    [{ persistent: true, userId: undefined }, persistent],
  ])("of %o", (session, policy) => {
    expect(policyFor(policies, session)).toBe(policy);
  });
});
