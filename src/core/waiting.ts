/**
 * What `work` comes to, unless the signal is aborted before. What `work` does later is nobody's
 * concern.
 *
 * @param late - Makes the error to reject with then.
 */
export function untilAborted<T>(
  work: PromiseLike<T>,
  signal: AbortSignal,
  late: () => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(late());
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.then(
      (value) => {
        signal.removeEventListener("abort", onAbort);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener("abort", onAbort);
        reject(error);
      },
    );
  });
}

/** A number from 0 up to 1, as `Math.random` gives it. */
export type Random = () => number;

const FIRST_PAUSE_MS = 1;
const MAX_PAUSE_MS = 32;

/**
 * A pause at random, so that writers that met once do not meet again and again. Resolves to whether
 * there is time for another attempt.
 */
export function pausedAfter(
  attempts: number,
  signal: AbortSignal,
  random: Random,
): Promise<boolean> {
  const pauseMs = random() * Math.min(FIRST_PAUSE_MS * 2 ** attempts, MAX_PAUSE_MS);
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve(!signal.aborted);
    };
    const timer = setTimeout(end, pauseMs);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
