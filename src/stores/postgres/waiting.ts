import { setTimeout as pause } from "node:timers/promises";

const FIRST_PAUSE_MS = 1;
const MAX_PAUSE_MS = 32;

/**
 * A pause at random, so that writers that met once do not meet again and again. Resolves to whether
 * there is time for another attempt.
 */
export async function pausedAfter(attempts: number, signal: AbortSignal): Promise<boolean> {
  const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** attempts, MAX_PAUSE_MS);
  try {
    await pause(Math.random() * longestMs, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
