import { afterEach, describe, expect, it, vi } from "vitest";
import { Deadline } from "../../src/core/deadline.ts";
import { StoreError } from "../../src/core/errors.ts";

const TERMS = { operation: "load", outcome: "failed", asError: (error: unknown) => error } as const;
const NEVER = new Promise<void>(() => undefined);

function hanging(timeoutMs: number): Promise<unknown> {
  return new Deadline(timeoutMs, 0).guard(() => NEVER, TERMS).catch((error: unknown) => error);
}

afterEach(() => {
  vi.useRealTimers();
});

// Two waits of one process share a timer, so each test leaves the next one what it left behind.
describe("a wait that hangs ends in time", () => {
  it("on a real clock", async () => {
    expect(await hanging(20)).toBeInstanceOf(StoreError);
  });

  it.each(["once", "again"])("on a fake clock, %s", async () => {
    vi.useFakeTimers();
    const failure = hanging(5_000);
    await vi.advanceTimersByTimeAsync(5_001);
    expect(await failure).toBeInstanceOf(StoreError);
  });

  it("on a real clock after a fake one, whose timer never fired", async () => {
    vi.useFakeTimers();
    void hanging(50);
    vi.useRealTimers();
    expect(await hanging(20)).toBeInstanceOf(StoreError);
  });

  it("on a real clock after a fake one that was far ahead", async () => {
    vi.useFakeTimers();
    vi.advanceTimersByTime(86_400_000);
    void hanging(10);
    vi.useRealTimers();
    expect(await hanging(20)).toBeInstanceOf(StoreError);
  });

  it("on a fake clock whose timers were all cleared before", async () => {
    vi.useFakeTimers();
    const work = Promise.resolve();
    await new Deadline(1_000, 0).guard(() => work, TERMS);
    vi.clearAllTimers();
    const failure = hanging(5_000);
    await vi.advanceTimersByTimeAsync(5_001);
    expect(await failure).toBeInstanceOf(StoreError);
  });

  it("on a real clock in the end, beside others that are over in time", async () => {
    const done = new Deadline(1_000, 0).guard(() => Promise.resolve("done"), TERMS);
    const failure = hanging(30);
    expect(await done).toBe("done");
    expect(await failure).toBeInstanceOf(StoreError);
  });
});
