import { type Duration, durationMs } from "../../../core/duration.ts";
import { StoreError } from "../../../core/errors.ts";
import { requireKnownKeys } from "../../../core/option-checks.ts";
import type { SessionToken } from "../../../core/token.ts";

/** How long their store is waited for while all sessions are taken over. */
export interface MoveAllOptions {
  /** For one session. @defaultValue "10s" */
  readonly timeout?: Duration | undefined;
  /** For the list of all: some read each session for it. @defaultValue "5m" */
  readonly listTimeout?: Duration | undefined;
}

/** How far `moveAll` has come. */
export interface Moved {
  readonly found: number;
  readonly moved: number;
}

/** What is moved, and how. */
interface Moving {
  ids(): Promise<readonly string[] | undefined>;
  /** Resolves to whether the session is ours now. */
  move(token: SessionToken, signal: AbortSignal): Promise<boolean>;
}

/** So many sessions in a row that nothing is heard of are a store that does not answer any more. */
const MAX_LATE = 3;

export async function moveAll(
  { ids, move }: Moving,
  options: MoveAllOptions,
): Promise<Moved | undefined> {
  requireKnownKeys("moveAll", options, ["timeout", "listTimeout"]);
  const { timeout = "10s", listTimeout = "5m" } = options;
  const timeoutMs = durationMs("moveAll.timeout", timeout);
  const listTimeoutMs = durationMs("moveAll.listTimeout", listTimeout);
  const tokens = await inTime(listTimeoutMs, lateList(listTimeoutMs), ids);
  return tokens && moveEach(tokens as readonly SessionToken[], move, timeoutMs);
}

async function moveEach(
  tokens: readonly SessionToken[],
  move: Moving["move"],
  timeoutMs: number,
): Promise<Moved> {
  const found = tokens.length;
  const failures: unknown[] = [];
  let moved = 0;
  let lateInRow = 0;
  for (const token of tokens) {
    const late = lateMove(timeoutMs);
    try {
      if (await inTime(timeoutMs, late, (signal) => move(token, signal))) moved += 1;
      lateInRow = 0;
    } catch (error) {
      // One that cannot be read, say: it must not keep the others.
      failures.push(error);
      lateInRow = error === late ? lateInRow + 1 : 0;
    }
    if (lateInRow < MAX_LATE) continue;
    const problem = `${moved} of ${found} sessions were taken over when the stores stopped answering.`;
    throw new AggregateError(failures, problem);
  }
  if (failures.length === 0) return { found, moved };
  const problem = `${failures.length} of ${found} sessions could not be taken over.`;
  throw new AggregateError(failures, problem);
}

/** Node takes a longer delay for none at all. */
const MAX_TIMER_MS = 2_147_483_647;

/** What some work comes to; what it does after its time is nobody's concern. */
function inTime<T>(
  timeoutMs: number,
  late: StoreError,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => {
        controller.abort(late);
        reject(late);
      },
      Math.min(timeoutMs, MAX_TIMER_MS),
    );
    work(controller.signal)
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
  });
}

function lateList(ms: number): StoreError {
  const detail = `the one made for express-session did not answer within ${ms} ms (moveAll.listTimeout)`;
  return new StoreError("list", "failed", detail);
}

function lateMove(ms: number): StoreError {
  return new StoreError(
    "create",
    "unknown",
    `one of the two did not answer within ${ms} ms (moveAll.timeout)`,
  );
}
