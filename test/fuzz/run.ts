import { Random } from "../support/random.ts";
import { mutant } from "./mutator.ts";
import type { Subject, Target, Verdict } from "./target.ts";

/** What one target made of its inputs. */
export interface Report {
  readonly name: string;
  readonly inputs: number;
  readonly taken: number;
  readonly seconds: number;
  /** The slowest input, once it was tried again: a busy machine makes any slow. */
  readonly slowestMs: number;
  /** How much more memory is in use than before; `undefined` where nobody may collect it. */
  readonly moreBytes: number | undefined;
  readonly failures: readonly Failure[];
}

interface Failure {
  readonly problem: string;
  /** The input, so that it can be tried again. */
  readonly input: string;
}

/** No input of 16 KiB needs a fraction of it. */
const SLOW_MS = 100;
/** The rest is what the reader keeps: keys that were derived, compiled code. */
const MAX_MORE_BYTES = 64 * 2 ** 20;
const MAX_FAILURES = 5;
const TRIES_AGAIN = 5;

/** Gives a target so many inputs; the same ones for the same seed, as far as the target draws none. */
export async function fuzz(target: Target, inputs: number, seed: number): Promise<Report> {
  const subject = await target.open();
  const run = new Run(subject, Random.of(seed, ...Buffer.from(target.name)));
  const startedAt = performance.now();
  // The first inputs fill caches, and make code be compiled.
  const warmUp = Math.min(1_000, inputs >> 1);
  await run.try(warmUp);
  const before = memoryInUse();
  await run.try(inputs - warmUp);
  const after = memoryInUse();
  await subject.close?.();
  const moreBytes = before === undefined || after === undefined ? undefined : after - before;
  if (moreBytes !== undefined && moreBytes > MAX_MORE_BYTES) {
    run.failures.push({ problem: `it keeps ${moreBytes} bytes`, input: "" });
  }
  const { name } = target;
  const seconds = (performance.now() - startedAt) / 1_000;
  return { name, inputs, seconds, moreBytes, ...run.found };
}

class Run {
  readonly failures: Failure[] = [];
  readonly #subject: Subject;
  readonly #random: Random;
  #taken = 0;
  #slowestMs = 0;

  constructor(subject: Subject, random: Random) {
    this.#subject = subject;
    this.#random = random;
  }

  get found(): Pick<Report, "taken" | "slowestMs" | "failures"> {
    return { taken: this.#taken, slowestMs: this.#slowestMs, failures: this.failures };
  }

  async try(inputs: number): Promise<void> {
    for (let count = 0; count < inputs && this.failures.length < MAX_FAILURES; count += 1) {
      const input = mutant(this.#subject, this.#random);
      try {
        if ((await this.#timed(input)) === "taken") this.#taken += 1;
      } catch (error) {
        this.#fail(input, String(error instanceof Error ? (error.stack ?? error) : error));
      }
    }
  }

  async #timed(input: Buffer): Promise<Verdict> {
    const startedAt = performance.now();
    const trial = this.#subject.attempt(input);
    const verdict = typeof trial === "string" ? trial : await trial;
    const ms = performance.now() - startedAt;
    if (ms > this.#slowestMs) await this.#timeAgain(input, ms);
    return verdict;
  }

  async #timeAgain(input: Buffer, firstMs: number): Promise<void> {
    let leastMs = firstMs;
    for (let again = 0; again < TRIES_AGAIN && leastMs > this.#slowestMs; again += 1) {
      const startedAt = performance.now();
      await this.#subject.attempt(input);
      leastMs = Math.min(leastMs, performance.now() - startedAt);
    }
    this.#slowestMs = Math.max(this.#slowestMs, leastMs);
    if (leastMs > SLOW_MS) this.#fail(input, `it takes ${leastMs.toFixed(0)} ms`);
  }

  #fail(input: Buffer, problem: string): void {
    this.failures.push({ problem, input: input.toString("base64") });
  }
}

function memoryInUse(): number | undefined {
  if (globalThis.gc === undefined) return undefined;
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
