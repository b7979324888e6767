import type { EpochMs, Tombstone } from "../../core/record.ts";
import type { UserKey } from "../../core/store.ts";

/** Some megabytes at the most. What is dropped is asked for again. */
const MAX_ANSWERS = 10_000;

interface Answer<Value> {
  readonly value: Value;
  /** When it was asked for. */
  readonly askedAt: EpochMs;
}

/**
 * What the store of ended sessions answered a moment ago, so that it need not be asked at every
 * request. An answer counts for `maxStalenessMs` from when it was asked for; with 0 none does.
 */
export class NearAnswers {
  readonly #maxStalenessMs: number;
  readonly #ended = new Map<string, Answer<Tombstone | undefined>>();
  readonly #generations = new Map<string, Answer<number>>();

  constructor(maxStalenessMs: number) {
    this.#maxStalenessMs = maxStalenessMs;
  }

  ended(
    place: string,
    now: EpochMs,
    ask: () => Promise<Tombstone | undefined>,
  ): Promise<Tombstone | undefined> {
    return this.#answer(this.#ended, place, now, ask);
  }

  generation(user: UserKey, now: EpochMs, ask: () => Promise<number>): Promise<number> {
    return this.#answer(this.#generations, keyOf(user), now, ask);
  }

  /** A newer generation than any that is remembered. */
  learn(user: UserKey, generation: number, now: EpochMs): void {
    this.#keep(this.#generations, keyOf(user), { value: generation, askedAt: now });
  }

  /** This very process changes the answer. */
  forget(place: string): void {
    this.#ended.delete(place);
  }

  forgetUser(user: UserKey): void {
    this.#generations.delete(keyOf(user));
  }

  async #answer<Value>(
    answers: Map<string, Answer<Value>>,
    key: string,
    now: EpochMs,
    ask: () => Promise<Value>,
  ): Promise<Value> {
    const known = answers.get(key);
    if (known !== undefined && Math.abs(now - known.askedAt) < this.#maxStalenessMs) {
      return known.value;
    }
    const value = await ask();
    this.#keep(answers, key, { value, askedAt: now });
    return value;
  }

  #keep<Value>(answers: Map<string, Answer<Value>>, key: string, answer: Answer<Value>): void {
    if (this.#maxStalenessMs === 0) return;
    // Again at the end: the oldest goes first.
    answers.delete(key);
    answers.set(key, answer);
    if (answers.size <= MAX_ANSWERS) return;
    const [oldest] = answers.keys();
    if (oldest !== undefined) answers.delete(oldest);
  }
}

function keyOf({ manager, userId }: UserKey): string {
  return `${manager}\0${userId}`;
}
