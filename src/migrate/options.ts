import { type Duration, durationMs } from "../core/duration.ts";
import type { Clock } from "../core/environment.ts";
import { OptionsError } from "../core/errors.ts";
import { refuseTokenBound } from "../core/keychain.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { Route } from "./move-one.ts";

/** How far a move has come. */
export interface MoveProgress {
  /** How many live sessions the old store had when the move began. */
  readonly total: number;
  /** Sessions that this run has moved, or whose move it has finished. */
  readonly moved: number;
  /** Those of them that were then found in the new store: of the same version, newer, or ended. */
  readonly verified: number;
  /** Sessions that ended or expired before their turn. */
  readonly ended: number;
}

/** What a move has come to. */
export interface MoveResult extends MoveProgress {
  /** Live sessions that the old store still has. */
  readonly left: number;
  /** Those of them that do not open: under a key that is not there, or altered. */
  readonly unreadable: number;
  /** Sessions that were moved and are not in the new store: it has lost or evicted them. */
  readonly missing: number;
  /** Whether the old store can be switched off: nothing is left and nothing is missing. */
  readonly isComplete: boolean;
}

/** How sessions are moved. */
export interface MigrateOptions {
  /**
   * The names of the managers whose sessions move.
   *
   * @defaultValue ["session"], the name of a manager that was given none
   */
  readonly managers?: readonly string[] | undefined;
  /**
   * How many sessions are carried at the same time.
   *
   * @defaultValue 8
   */
  readonly concurrency?: number | undefined;
  /**
   * How long moving one session, or reading one page, may take.
   *
   * @defaultValue "10s"
   */
  readonly timeout?: Duration | undefined;
  /** Stops the move once the sessions under way are done. Run it again to go on. */
  readonly signal?: AbortSignal | undefined;
  /** Is told after each page. */
  readonly onProgress?: ((progress: MoveProgress) => void) | undefined;
  /**
   * Tells the time; for tests.
   *
   * @defaultValue the system's clock
   */
  readonly clock?: Clock | undefined;
}

/** Options that have been checked. */
export interface MoveSettings {
  readonly managers: readonly string[];
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: MoveProgress) => void;
  readonly now: () => number;
}

const NEVER: AbortSignal = new AbortController().signal;
const MAX_CONCURRENCY = 256;

/** Checks the options of {@link migrateSessions}. */
export function settingsOf(options: MigrateOptions): MoveSettings {
  const known = ["managers", "concurrency", "timeout", "signal", "onProgress", "clock"];
  requireKnownKeys("migrateSessions", options, known);
  const { managers = ["session"], concurrency = 8, timeout = "10s", clock = Date } = options;
  const areNames = Array.isArray(managers) && managers.every((name) => typeof name === "string");
  if (!areNames || managers.length === 0) {
    const problem = 'must be a list of the names given to createSessions, such as ["session"].';
    throw new OptionsError("migrateSessions.managers", problem);
  }
  if (!Number.isSafeInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY) {
    const problem = `must be a whole number from 1 to ${MAX_CONCURRENCY}.`;
    throw new OptionsError("migrateSessions.concurrency", problem);
  }
  return {
    managers,
    concurrency,
    timeoutMs: durationMs("migrateSessions.timeout", timeout),
    signal: options.signal ?? NEVER,
    onProgress: options.onProgress ?? ((): void => undefined),
    now: () => clock.now(),
  };
}

/** Refuses stores that cannot take part in a move. */
export function checkRoute(caller: string, { from, to }: Route): Route {
  for (const [name, store] of Object.entries({ from, to })) {
    const option = `${caller}(${name})`;
    if (typeof store?.directory?.scan !== "function") {
      const problem = "must be a store with a directory, so that its sessions can be listed.";
      throw new OptionsError(option, problem);
    }
    refuseTokenBound(option, store);
    // Which of the two has a session is known by reading; an old answer could undo a change.
    if (store.profile.readYourWrites !== "always") {
      const problem =
        "must show every acknowledged write at once; of layered stores pass the origin.";
      throw new OptionsError(option, problem);
    }
  }
  if (from === to) throw new OptionsError(`${caller}(to)`, "must be another store than from.");
  return { from, to };
}
