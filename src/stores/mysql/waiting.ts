import { setTimeout as pause } from "node:timers/promises";
import { Late } from "./failure.ts";

const FIRST_PAUSE_MS = 1;
const MAX_PAUSE_MS = 32;

/** A pause at random, so that writers that met once do not meet again and again. */
export async function pauseAfter(attempts: number, signal: AbortSignal): Promise<void> {
  const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** attempts, MAX_PAUSE_MS);
  try {
    await pause(Math.random() * longestMs, undefined, { signal });
  } catch {
    throw new Late("turn");
  }
}
