import type { Outcome, Round } from "./rounds.ts";

/** A run in numbers. */
export interface Tally {
  readonly rounds: number;
  readonly faults: number;
  readonly refreshes: number;
  readonly sentTwice: number;
  readonly sentKnowingly: number;
  /** Signed out in a round in which nothing went wrong. */
  readonly signedOut: number;
  /** Signed out in a round in which whoever refreshed was killed, or the provider hung. */
  readonly signedOutByFault: number;
  /** In rounds in which nothing went wrong. */
  readonly failed: number;
  readonly failedByFault: number;
  /** Requests that went down with their process. */
  readonly lost: number;
  /** Of the rounds in which nothing went wrong, but for the first. In ms; `undefined` where nobody waited. */
  readonly waitMedian: number | undefined;
  readonly wait99: number | undefined;
}

/** Adds up a run. */
export function tally({ rounds }: Outcome): Tally {
  const calm = rounds.filter(({ fault }) => fault === undefined);
  const troubled = rounds.filter(({ fault }) => fault !== undefined);
  // In the first round processes open their connections.
  const warm = calm.filter((round) => round !== rounds[0]);
  const waits = warm.flatMap((round) => round.waits).sort((one, other) => one - other);
  return {
    rounds: rounds.length,
    faults: troubled.length,
    refreshes: sum(rounds, ({ refreshes }) => refreshes),
    sentTwice: sum(rounds, ({ sentTwice }) => sentTwice),
    sentKnowingly: sum(rounds, ({ sentKnowingly }) => sentKnowingly),
    signedOut: sum(calm, ({ isSignedOut }) => Number(isSignedOut)),
    signedOutByFault: sum(troubled, ({ isSignedOut }) => Number(isSignedOut)),
    failed: sum(calm, ({ failed }) => failed),
    failedByFault: sum(troubled, ({ failed }) => failed),
    lost: sum(rounds, ({ lost }) => lost),
    waitMedian: quantile(waits, 0.5),
    wait99: quantile(waits, 0.99),
  };
}

/** What no run of `session.exclusive` may show, one sentence each. */
export function problemsOf({ rounds, casualties }: Outcome): readonly string[] {
  const problems = casualties.map((words) => `A process fell by itself:\n${words}`);
  for (const [index, round] of rounds.entries()) {
    for (const problem of problemsIn(round)) problems.push(`Round ${index + 1}: ${problem}`);
  }
  return problems;
}

function* problemsIn(round: Round): Iterable<string> {
  const { fault, refreshes, sentTwice, isSignedOut, failed, lost, errors } = round;
  if (sentTwice > 0) yield `${sentTwice} refresh tokens were sent again by somebody unaware.`;
  if (fault !== undefined) return;
  if (refreshes !== 1) yield `${refreshes} refreshes were sent.`;
  if (isSignedOut) yield "The visitor was signed out.";
  if (failed > 0) yield `${failed} requests failed: ${errors[0]}`;
  if (lost > 0) yield `${lost} requests got no answer.`;
}

/** Of sorted numbers the one that the given part does not exceed. */
function quantile(sorted: readonly number[], part: number): number | undefined {
  return sorted[Math.ceil(part * sorted.length) - 1];
}

function sum(rounds: readonly Round[], count: (round: Round) => number): number {
  return rounds.reduce((total, round) => total + count(round), 0);
}
