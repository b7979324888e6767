import { describe, expect, it } from "vitest";
import { NONE, type Row } from "../../src/stores/memory/columns.ts";
import { ExpiryQueue } from "../../src/stores/memory/expiry-queue.ts";

/** The same numbers in each run. */
function* numbers(): Generator<number> {
  for (let state = 1; ; state = (state * 48_271) % 2_147_483_647) yield state;
}

/** A queue, and beside it what a search through all rows finds. */
class Twin {
  readonly expiries = new Map<Row, number>();
  readonly queue = new ExpiryQueue((row) => this.expiries.get(row) ?? Number.NaN);

  put(row: Row, expiresAt: number): void {
    const isNew = !this.expiries.has(row);
    this.expiries.set(row, expiresAt);
    if (isNew) this.queue.add(row);
    else this.queue.moved(row);
  }

  remove(row: Row): void {
    if (!this.expiries.has(row)) return;
    this.queue.remove(row);
    this.expiries.delete(row);
  }

  /** Takes out what has expired, as the store does. */
  *expired(now: number): Generator<number> {
    for (let row = this.queue.due(now); row !== NONE; row = this.queue.due(now)) {
      const expiresAt = this.expiries.get(row) ?? Number.NaN;
      if (expiresAt > now) this.queue.postpone(row);
      else {
        yield expiresAt;
        this.remove(row);
      }
    }
  }

  /** When those expired that have by `now`, earliest first. */
  found(now: number): number[] {
    return [...this.expiries.values()].filter((at) => at <= now).toSorted((one, two) => one - two);
  }
}

describe("the queue of expiries", () => {
  it("finds all that has expired, and nothing else, whatever was used, ended or removed meanwhile", () => {
    const twin = new Twin();
    const random = numbers();
    const next = (below: number): number => (random.next().value ?? 0) % below;
    let taken = 0;
    for (let now = 0; now < 20_000; now += 1) {
      const row = next(500);
      const kind = next(10);
      if (kind === 0) twin.remove(row);
      else twin.put(row, now + (kind < 3 ? next(50) : next(2_000)));
      if (next(20) !== 0) continue;
      const expected = twin.found(now);
      expect([...twin.expired(now)].toSorted((one, two) => one - two)).toEqual(expected);
      taken += expected.length;
    }
    expect(taken).toBeGreaterThan(2_000);
  });

  it("leaves a row alone whose expiry was moved beyond the time", () => {
    const twin = new Twin();
    twin.put(1, 100);
    twin.put(2, 200);
    twin.put(1, 300);
    expect([...twin.expired(250)]).toEqual([200]);
    expect([...twin.expired(299)]).toEqual([]);
    expect([...twin.expired(300)]).toEqual([300]);
  });

  it("comes to an end with an expiry that is no number", () => {
    const twin = new Twin();
    twin.put(1, Number.NaN);
    expect([...twin.expired(0)]).toEqual([Number.NaN]);
    expect(twin.queue.due(0)).toBe(NONE);
  });
});
