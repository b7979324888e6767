import { OptionsError } from "../../core/errors.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { SessionStore } from "../../core/store.ts";
import { MemoryStore } from "./memory-store.ts";

const DEFAULT_MAX_SESSIONS = 100_000;
const DEFAULT_MAX_BYTES = 128 * 1_024 * 1_024;

/** How much a memory store may hold. */
export interface MemoryStoreOptions {
  /**
   * How many sessions, live and recently ended, are kept.
   *
   * @defaultValue 100_000
   */
  readonly maxSessions?: number | undefined;
  /**
   * How many bytes of session data are kept, counting two for each character, the most that it
   * takes. What is kept beside the data takes less than 1 KiB for each session.
   *
   * @defaultValue 134_217_728 (128 MiB)
   */
  readonly maxBytes?: number | undefined;
}

/**
 * Keeps sessions in the memory of this process: for development, tests, and single processes
 * whose restart may sign everybody out.
 *
 * When it is full it lets go of what has ended or expired, then of the anonymous sessions used
 * longest ago, and of signed-in ones last.
 *
 * @throws {@link OptionsError} if a bound is not a positive whole number.
 * @example
 * const sessions = createSessions({ store: memoryStore({ maxSessions: 10_000 }) });
 */
export function memoryStore(options: MemoryStoreOptions = {}): Required<SessionStore> {
  requireKnownKeys("memoryStore", options, ["maxSessions", "maxBytes"]);
  const { maxSessions = DEFAULT_MAX_SESSIONS, maxBytes = DEFAULT_MAX_BYTES } = options;
  checkBound("memoryStore.maxSessions", maxSessions);
  checkBound("memoryStore.maxBytes", maxBytes);
  return new MemoryStore({ maxSessions, maxBytes });
}

function checkBound(option: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new OptionsError(option, `must be a positive whole number, not ${String(value)}.`);
}
