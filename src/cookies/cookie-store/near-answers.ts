import type { EpochMs, Tombstone } from "../../core/record.ts";
import type { UserKey } from "../../core/store.ts";

/** Some megabytes at the most. What is dropped is asked for again. */
const MAX_ANSWERS = 10_000;

interface Answer<Value> {
  readonly value: Value;
  /** When it was asked for. */
  readonly askedAt: EpochMs;
}

/** Answers of one kind, by what they are about. */
interface Answers<Value> {
  readonly kept: Map<string, Answer<Value>>;
  /** Whether what is known tells of something that another answer does not know of yet. */
  readonly isAhead: (known: Value, other: Value) => boolean;
}

/**
 * What the store of ended sessions answered a moment ago, so that it need not be asked at every
 * request. An answer counts for `maxStalenessMs` from when it was asked for; with 0 none does.
 */
export class NearAnswers {
  readonly #maxStalenessMs: number;
  readonly #ended: Answers<Tombstone | undefined> = {
    kept: new Map(),
    isAhead: (known, other) => known !== undefined && other === undefined,
  };
  readonly #generations: Answers<number> = {
    kept: new Map(),
    isAhead: (known, other) => known > other,
  };
  /** How often this process has ended something. */
  #changes = 0;

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

  /** @param least - What a cookie tells that it was: an answer from before that counts no more. */
  generation(
    user: UserKey,
    least: number,
    now: EpochMs,
    ask: () => Promise<number>,
  ): Promise<number> {
    const { kept } = this.#generations;
    const key = keyOf(user);
    if ((kept.get(key)?.value ?? least) < least) kept.delete(key);
    return this.#answer(this.#generations, key, now, ask);
  }

  /** Asks whatever is remembered, and remembers the answer. */
  newestGeneration(user: UserKey, now: EpochMs, ask: () => Promise<number>): Promise<number> {
    return this.#ask(this.#generations, keyOf(user), now, ask);
  }

  /** This very process changes the answer. */
  forget(place: string): void {
    this.#changes += 1;
    this.#ended.kept.delete(place);
  }

  forgetUser(user: UserKey): void {
    this.#changes += 1;
    this.#generations.kept.delete(keyOf(user));
  }

  async #answer<Value>(
    answers: Answers<Value>,
    key: string,
    now: EpochMs,
    ask: () => Promise<Value>,
  ): Promise<Value> {
    const known = answers.kept.get(key);
    return known !== undefined && this.#counts(known, now)
      ? known.value
      : this.#ask(answers, key, now, ask);
  }

  /** An answer that was under way while this process ended something may not know of that end. */
  async #ask<Value>(
    answers: Answers<Value>,
    key: string,
    now: EpochMs,
    ask: () => Promise<Value>,
  ): Promise<Value> {
    const before = this.#changes;
    const value = await ask();
    if (before === this.#changes) this.#keep(answers, key, { value, askedAt: now });
    return value;
  }

  #keep<Value>({ kept, isAhead }: Answers<Value>, key: string, answer: Answer<Value>): void {
    if (this.#maxStalenessMs === 0) return;
    const known = kept.get(key);
    // Answers arrive in any order, and from another process's end on this one only knows by them.
    const isLate = known !== undefined && this.#counts(known, answer.askedAt);
    if (isLate && isAhead(known.value, answer.value)) return;
    // Again at the end: the oldest goes first.
    kept.delete(key);
    kept.set(key, answer);
    if (kept.size <= MAX_ANSWERS) return;
    const [oldest] = kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
  }

  #counts({ askedAt }: Answer<unknown>, now: EpochMs): boolean {
    return Math.abs(now - askedAt) < this.#maxStalenessMs;
  }
}

function keyOf({ manager, userId }: UserKey): string {
  return `${manager}\0${userId}`;
}
