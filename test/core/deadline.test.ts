import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Deadline, type Terms } from "../../src/core/deadline.ts";
import { StoreError } from "../../src/core/errors.ts";

const TERMS: Terms = { operation: "load", outcome: "failed", asError: (error) => error };

function never(): Promise<never> {
  return new Promise(() => undefined);
}

// Once for the file: the timer of the waits outlives each test.
beforeAll(() => {
  vi.useFakeTimers();
});

afterAll(() => {
  vi.useRealTimers();
});

/** A wait may end a millisecond late, as timers count in whole ones and the clock does not. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

describe("a deadline", () => {
  it("lets work through that is in time", async () => {
    const deadline = new Deadline(5_000, 0);
    await expect(deadline.guard(() => Promise.resolve("record"), TERMS)).resolves.toBe("record");
    expect(deadline.signal.aborted).toBe(false);
  });

  it("passes a failure on, as the terms make it", async () => {
    const deadline = new Deadline(5_000, 0);
    const terms = { ...TERMS, asError: (error: unknown) => new Error("wrapped", { cause: error }) };
    await expect(deadline.guard(() => Promise.reject(new Error("down")), terms)).rejects.toThrow(
      "wrapped",
    );
  });

  it("rejects at its end, and aborts what the store is doing", async () => {
    const deadline = new Deadline(5_000, 0);
    const { signal } = deadline;
    const late = expect(deadline.guard(() => never(), TERMS)).rejects.toThrow(
      "could not load: it did not answer within 5000 ms (storeTimeout) (nothing was written)",
    );
    await pass(4_998);
    expect(signal.aborted).toBe(false);
    await pass(3);
    await late;
    expect(signal.aborted).toBe(true);
  });

  it("tells the outcome that holds at its end", async () => {
    const deadline = new Deadline(1_000, 0);
    let outcome: StoreError["outcome"] = "failed";
    const terms = {
      ...TERMS,
      get outcome() {
        return outcome;
      },
    };
    const late = expect(deadline.guard(() => never(), terms)).rejects.toMatchObject({
      outcome: "unknown",
    });
    outcome = "unknown";
    await pass(1_001);
    await late;
  });

  it("counts from when it was made, so that several calls cannot add up", async () => {
    const deadline = new Deadline(1_000, 0);
    await pass(700);
    const late = expect(deadline.guard(() => never(), TERMS)).rejects.toBeInstanceOf(StoreError);
    await pass(301);
    await late;
    expect(deadline.remainingMs).toBeLessThanOrEqual(0);
    expect(deadline.signal.aborted).toBe(true);
  });

  it("is over at once for a call that begins after it", async () => {
    const deadline = new Deadline(1_000, 0);
    await pass(2_000);
    const late = expect(deadline.guard(() => never(), TERMS)).rejects.toBeInstanceOf(StoreError);
    await pass(2);
    await late;
  });

  it("does not mind what work does later", async () => {
    const deadline = new Deadline(1_000, 0);
    const { promise, resolve } = Promise.withResolvers<string>();
    const asError = vi.fn((error: unknown) => error);
    const late = expect(
      deadline.guard(() => promise, { ...TERMS, asError }),
    ).rejects.toBeInstanceOf(StoreError);
    await pass(1_001);
    await late;
    resolve("too late");
    await pass(10);
    expect(asError).toHaveBeenCalledTimes(1);
  });
});

describe("many waits", () => {
  it("end each at its own time, in any order of beginning", async () => {
    const ended: number[] = [];
    const times = [900, 100, 500, 500, 1, 700];
    const waits = times.map((ms) =>
      new Deadline(ms, 0).guard(() => never(), TERMS).catch(() => ended.push(ms)),
    );
    await pass(98);
    expect(ended).toEqual([1]);
    await pass(404);
    expect(ended.toSorted((one, other) => one - other)).toEqual([1, 100, 500, 500]);
    await pass(401);
    await Promise.all(waits);
    expect(ended).toHaveLength(6);
  });

  it("that are over leave the others alone, wherever they stand", async () => {
    const open = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
    const ended: number[] = [];
    const waits = open.map(({ promise }, index) =>
      new Deadline(1_000, 0).guard(() => promise, TERMS).catch(() => ended.push(index)),
    );
    for (const index of [2, 0, 4]) open[index]?.resolve(index);
    await pass(1_001);
    await Promise.all(waits);
    expect(ended.toSorted()).toEqual([1, 3]);
  });

  it("share one timer", async () => {
    const before = vi.getTimerCount();
    const waits = Array.from({ length: 100 }, () =>
      new Deadline(1_000, 0).guard(() => never(), TERMS).catch(() => undefined),
    );
    expect(vi.getTimerCount() - before).toBeLessThanOrEqual(1);
    await pass(1_001);
    await Promise.all(waits);
  });

  it("may be longer than any timer", async () => {
    const ended = vi.fn();
    void new Deadline(40 * 86_400_000, 0).guard(() => never(), TERMS).catch(ended);
    await pass(39 * 86_400_000);
    expect(ended).not.toHaveBeenCalled();
    await pass(86_400_001);
    expect(ended).toHaveBeenCalledTimes(1);
  });
});

describe("the timer of the waits", () => {
  const run = async (work: string): Promise<{ ms: number; output: string }> => {
    const startedAt = performance.now();
    const script = `
      import { Deadline } from "./src/core/deadline.ts";
      const terms = { operation: "load", outcome: "failed", asError: (error) => error };
      ${work}`;
    const node = ["--input-type=module", "--disable-warning=ExperimentalWarning", "--eval", script];
    const { stdout } = await promisify(execFile)(process.execPath, node);
    return { ms: performance.now() - startedAt, output: stdout };
  };

  it("keeps no process alive once nothing waits", async () => {
    const { ms } = await run(
      "await new Deadline(60_000, 0).guard(() => Promise.resolve(), terms);",
    );
    expect(ms).toBeLessThan(10_000);
  });

  it("keeps the process alive while something waits, also after a pause", async () => {
    const { output } = await run(`
      await new Deadline(60_000, 0).guard(() => Promise.resolve(), terms);
      await new Deadline(300, 0).guard(() => Promise.resolve(), terms);
      await new Deadline(300, 0).guard(() => new Promise(() => {}), terms).catch((error) => console.log(error.code));`);
    expect(output).toBe("ERR_SESSION_STORE\n");
  });
});
