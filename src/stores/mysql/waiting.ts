import { setTimeout as pause } from "node:timers/promises";
import { Late, type Wait } from "./failure.ts";

const FIRST_PAUSE_MS = 1;
const MAX_PAUSE_MS = 32;

/** What `work` comes to, unless the signal is aborted before. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal, wait: Wait): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new Late(wait));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** A pause at random, so that writers that met once do not meet again and again. */
export async function pauseAfter(attempts: number, signal: AbortSignal): Promise<void> {
  const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** attempts, MAX_PAUSE_MS);
  try {
    await pause(Math.random() * longestMs, undefined, { signal });
  } catch {
    throw new Late("turn");
  }
}
