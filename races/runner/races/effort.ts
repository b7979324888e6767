/** How often each race is run. */
export interface Effort {
  readonly rounds: number;
  /** Requests at once, and how often. */
  readonly parallel: number;
  readonly parallelRounds: number;
  /** How long a visitor waits while the store is away, in ms. */
  readonly patienceMs: number;
}

export const FULL: Effort = { rounds: 5, parallel: 50, parallelRounds: 3, patienceMs: 10_000 };
