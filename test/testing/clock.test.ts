import { describe, expect, it } from "vitest";
import { OptionsError } from "../../src/core/errors.ts";
import { createSessions } from "../../src/create-sessions.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { issue, testClient, testClock } from "../../src/testing/index.ts";

describe("testClock", () => {
  it("stands still where it was started", () => {
    const start = Date.UTC(2030, 0, 1);
    const clock = testClock(start);
    expect(clock.now()).toBe(start);
    expect(testClock(new Date(start)).now()).toBe(start);
  });

  it("starts now if not told otherwise", () => {
    const before = Date.now();
    const clock = testClock();
    expect(clock.now()).toBeGreaterThanOrEqual(before);
    expect(clock.now()).toBeLessThanOrEqual(Date.now());
  });

  it("moves forward by a duration, and anywhere by an instant", () => {
    const clock = testClock(0);
    clock.advance("1h");
    clock.advance(500);
    expect(clock.now()).toBe(3_600_500);
    clock.set(7);
    expect(clock.now()).toBe(7);
    clock.set(new Date(9));
    expect(clock.now()).toBe(9);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, "soon" as "1s"])(
    "refuses to advance by %s",
    (duration) => {
      expect(() => testClock().advance(duration)).toThrow(OptionsError);
    },
  );

  it.each([Number.NaN, 1.5, new Date("never"), "2030-01-01" as unknown as number])(
    "refuses to stand at %s",
    (instant) => {
      expect(() => testClock(instant)).toThrow(OptionsError);
      expect(() => testClock().set(instant)).toThrow(OptionsError);
    },
  );

  it("is a clock that sessions go by", async () => {
    const clock = testClock();
    const sessions = createSessions({ store: memoryStore(), clock, idleTimeout: "30m" });
    const client = testClient(
      (request) =>
        sessions.handle(request, async () => {
          return new Response((await sessions.open(request)).userId ?? "nobody");
        }),
      { clock },
    );
    client.use(await issue(sessions, { userId: "ada" }));
    clock.advance("29m");
    expect(await (await client.get("/")).text()).toBe("ada");
    clock.advance("31m");
    expect(await (await client.get("/")).text()).toBe("nobody");
  });
});
