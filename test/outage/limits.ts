/** How long the application waits for its store. */
export const STORE_TIMEOUT_MS = 1_000;
/** A request opens its session, and stores it: two waits at the most, and a busy machine. */
export const LONGEST_ANSWER_MS: number = 2 * STORE_TIMEOUT_MS + 5_000;
export const OUTAGE_MS = 10_000;
