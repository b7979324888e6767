import { type Duration, durationMs } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";

/** A clock that moves only when it is told to, for the `clock` option of `createSessions`. */
export interface TestClock {
  /** The instant as milliseconds since 1970, UTC. */
  now(): number;
  /**
   * Moves the time forward.
   *
   * @throws {@link OptionsError} if it is not a positive, finite time.
   */
  advance(duration: Duration): void;
  /**
   * Moves the time to an instant, which may be an earlier one: clocks differ between machines.
   *
   * @throws {@link OptionsError} if it is not an instant.
   */
  set(instant: number | Date): void;
}

/**
 * Makes a clock for tests, so that none of them sleeps.
 *
 * @param start - Where it stands at first.
 * @defaultValue the moment it is made: a store that expires records by itself goes by its own clock
 * @throws {@link OptionsError} if `start` is not an instant.
 * @example
 * const clock = testClock();
 * const sessions = createSessions({ store: memoryStore(), clock });
 * clock.advance("31m"); // whoever was idle is a new visitor now
 */
export function testClock(start: number | Date = Date.now()): TestClock {
  let instant = epochMs("testClock(start)", start);
  return {
    now: () => instant,
    advance: (duration) => {
      instant += durationMs("advance(duration)", duration);
    },
    set: (next) => {
      instant = epochMs("set(instant)", next);
    },
  };
}

function epochMs(option: string, instant: number | Date): number {
  const ms = Number(instant);
  if (Number.isSafeInteger(ms)) return ms;
  throw new OptionsError(option, "it must be whole milliseconds since 1970, or a valid Date.");
}
