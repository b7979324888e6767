/**
 * Contenders, each in a process of its own, so that none pays for the garbage and the optimiser's
 * doubts of another; they take turns.
 *
 * What counts is the processor's time, garbage collector included, as other work on the machine
 * stretches the wall clock far more. Such work only ever adds: so the lower quartile of the rounds
 * judges, and the median stands beside it. Nothing forces the garbage collector; that made every
 * request, even the bare one, cost three times as much.
 *
 * V8 may take to allocating some objects of a request in the old generation at once, as dozens are
 * under way together (docs/decisions/0060). In one process it does and in the next it does not, whatever
 * the library, and a request of bare Express costs 5 µs or 16. So none of them may.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { setImmediate } from "node:timers/promises";
import { cookiesWith, OTHER_COOKIES } from "./shop.ts";

/** One kind of request. */
export interface Case {
  readonly name: string;
  readonly path: string;
  /** Whether the visitor has been here before. */
  readonly isKnown: boolean;
}

/** Over all rounds of a case, in µs for each request. */
export interface Cost {
  readonly quartile: number;
  readonly median: number;
}

/** How often each case is run. */
export interface Effort {
  /** Of each contender, one after the other: what the optimiser makes of a process differs. */
  readonly processes: number;
  readonly roundsPerProcess: number;
}

const WARM_UP_ROUNDS = 5;
const IN_FLIGHT = 32;
const TIMES_PER_ROUND = 50;
/** Of one case. */
export const REQUESTS_PER_ROUND: number = TIMES_PER_ROUND * IN_FLIGHT;

/** Makes a request with these cookies. */
export type Visit = (path: string, cookie: string) => Promise<Answer>;

/** What came back, as far as a bench looks at it. */
export interface Answer {
  readonly status: number;
  readonly cookies: readonly string[];
  readonly text: string;
}

/** A batch of visitors who have been here before, each with a session of its own. */
async function visitorsOf(visit: Visit): Promise<string[]> {
  const answers = await Promise.all(
    Array.from({ length: IN_FLIGHT }, () => visit("/create", OTHER_COOKIES)),
  );
  return answers.map(({ cookies }) => cookiesWith(cookies));
}

/** What a contender does in its process. */
export interface Rounds<One extends Case> {
  readonly cases: readonly One[];
  /** Makes a request. */
  readonly visit: Visit;
  /** Whether an answer is right: the contenders must do the same, or their times compare nothing. */
  check(one: One, answer: Answer): boolean;
  /** Makes this many requests with each of the cookies; if left out, by `visit`. */
  run?(path: string, cookies: readonly string[], times: number): Promise<unknown>;
  /** A part of the requests will do for what takes very long. */
  readonly times?: number;
}

/** Runs a round whenever the parent process names a case. */
export async function answerRounds<One extends Case>(rounds: Rounds<One>): Promise<void> {
  const { cases, visit, check, times = TIMES_PER_ROUND } = rounds;
  const run = rounds.run ?? inBatches(visit);
  const visitors = await visitorsOf(visit);
  const newcomers = visitors.map(() => OTHER_COOKIES);
  for (const one of cases) {
    const answer = await visit(one.path, (one.isKnown ? visitors[0] : newcomers[0]) ?? "");
    if (answer.status === 200 && check(one, answer)) continue;
    throw new Error(`"${one.name}" is answered wrongly: ${answer.status} ${answer.text}`);
  }
  process.on("message", async (name) => {
    const one = cases.find((other) => other.name === name);
    if (one === undefined) return;
    const before = process.cpuUsage();
    await run(one.path, one.isKnown ? visitors : newcomers, times);
    const { user, system } = process.cpuUsage(before);
    process.send?.((user + system) / (times * IN_FLIGHT));
  });
  process.send?.("ready");
}

/** 32 at a time, and in between the event loop turns, as it does on a busy server. */
function inBatches(visit: Visit): NonNullable<Rounds<Case>["run"]> {
  return async (path, cookies, times) => {
    for (let batch = 0; batch < times; batch += 1) {
      await Promise.all(cookies.map((cookie) => visit(path, cookie)));
      await setImmediate();
    }
  };
}

/** A contender, in one process after the other. */
export class Rival {
  readonly #file: string;
  readonly #contender: readonly string[];
  readonly #rounds = new Map<string, number[]>();
  #process: ChildProcess | undefined;

  constructor(file: string, ...contender: readonly string[]) {
    this.#file = file;
    this.#contender = contender;
  }

  async start(): Promise<void> {
    const child = fork(this.#file, this.#contender, {
      execArgv: ["--no-allocation-site-pretenuring"],
      // Some warn of their memory store.
      stdio: ["ignore", "inherit", "ignore", "ipc"],
    });
    const [message] = await Promise.race([once(child, "message"), once(child, "exit")]);
    if (message !== "ready") throw new Error(`${this.#contender.join(" ")} did not start`);
    this.#process = child;
  }

  async round({ name }: Case, counts: boolean): Promise<void> {
    const child = this.#process;
    if (child === undefined) throw new Error(`${this.#contender.join(" ")} is not running`);
    child.send(name);
    const [cost] = await once(child, "message");
    if (!counts) return;
    const costs = this.#rounds.get(name) ?? [];
    this.#rounds.set(name, costs);
    costs.push(cost);
  }

  cost({ name }: Case): Cost {
    const sorted = (this.#rounds.get(name) ?? []).toSorted((one, other) => one - other);
    const at = (part: number): number => sorted[Math.floor(part * sorted.length)] ?? Number.NaN;
    return { quartile: at(0.25), median: at(0.5) };
  }

  /** What it adds to the same request of another. */
  added(one: Case, bare: Rival): Cost {
    return each(this.cost(one), bare.cost(one), (cost, base) => cost - base);
  }

  stop(): void {
    // A client of Redis would keep it alive for as long as it tries to connect again.
    this.#process?.kill();
  }
}

/** Runs all rounds of all cases. */
export async function takeTurns(
  rivals: readonly Rival[],
  cases: readonly Case[],
  { processes, roundsPerProcess }: Effort,
): Promise<void> {
  for (let process = 0; process < processes; process += 1) {
    for (const rival of rivals) await rival.start();
    // Every case is warm before the first one counts: code that has seen one case only is faster
    // than it would be on any server.
    for (let number = -WARM_UP_ROUNDS; number < roundsPerProcess; number += 1) {
      await takeTurn(rivals, cases, number >= 0);
    }
    for (const rival of rivals) rival.stop();
  }
}

async function takeTurn(
  rivals: readonly Rival[],
  cases: readonly Case[],
  counts: boolean,
): Promise<void> {
  for (const one of cases) for (const rival of rivals) await rival.round(one, counts);
}

/** Both figures of two costs, each combined into one. */
export function each(
  cost: Cost,
  base: Cost,
  combine: (cost: number, base: number) => number,
): Cost {
  return {
    quartile: combine(cost.quartile, base.quartile),
    median: combine(cost.median, base.median),
  };
}

/** Lower quartile, and the median in brackets. */
export function text({ quartile, median }: Cost, digits: number): string {
  return `${quartile.toFixed(digits)} (${median.toFixed(digits)})`;
}

/** Where and when the figures were taken. */
export function machine(): string {
  return (
    `Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}, ` +
    `${new Date().toISOString().slice(0, 10)}.`
  );
}

/** Prints a table's head. */
export function printHead(cells: readonly string[]): void {
  printRow(cells);
  console.log(`|${"---|".repeat(cells.length)}`);
}

/** Prints a line of a table. */
export function printRow(cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}
