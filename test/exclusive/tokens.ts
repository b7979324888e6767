/** What the provider grants, and applications keep in the session. */
export interface Tokens {
  readonly access: string;
  /** Good for one refresh. */
  readonly refresh: string;
  /** When the access token ends, by the time that the rounds tell. In ms. */
  readonly expiresAt: number;
}

/** How long an access token is good: each round is that much later than the one before. */
export const ACCESS_MS = 3_600_000;

/** What happens to whoever refreshes in a round. */
export const FAULTS = [
  /** Killed (SIGKILL) before it has asked the provider. */
  "before the call",
  /** Killed once the provider has answered. */
  "after the call",
  /** Killed when the new tokens are set, and nothing is stored. */
  "before the commit",
  /** Killed while they are being stored. */
  "in the commit",
  /** The provider answers when the lease, or the lock, is long over. */
  "the call hangs",
] as const;

export type Fault = (typeof FAULTS)[number];

/** What a request is told beside its cookie, in headers of these names. */
export const AT_HEADER = "x-at";
export const FAULT_HEADER = "x-fault";

/** What an application answers to a request. */
export interface Reply {
  /** Left out where the visitor has to sign in again. */
  readonly tokens?: Tokens | undefined;
  /**
   * When the request had opened its session and found its access token stale, and when it had a new
   * one. In microseconds of the clock that all processes share.
   */
  readonly from?: number | undefined;
  readonly to: number;
}

/** Microseconds of the monotonic clock, which is one for all processes of a machine. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
