import type { EpochMs } from "../../core/record.ts";

/** Resolves to the password field of a user; `undefined` where there is none such who may sign in. */
export type PasswordOf = (userId: string) => Promise<string | undefined>;

/** Tells the password fields of users. */
export interface Passwords {
  /** As it may be remembered. */
  of(userId: string, now: EpochMs): Promise<string | undefined>;
  /** As it is now. */
  newest(userId: string, now: EpochMs): Promise<string | undefined>;
}

/** Asks the application each time. */
export function askedPasswords(ask: PasswordOf): Passwords {
  // Whoever writes no types may answer null.
  const answer = async (userId: string): Promise<string | undefined> =>
    (await ask(userId)) ?? undefined;
  return { of: answer, newest: answer };
}

interface Answer {
  readonly password: Promise<string | undefined>;
  readonly askedAt: EpochMs;
  isThere: boolean;
}

/** An answer that is so long in coming is asked for anew: it may never come. */
const PATIENCE_MS = 5_000;

/** How many users' fields are remembered. */
const MOST = 10_000;

/** Remembers each answer for a time. */
export class KnownPasswords implements Passwords {
  readonly #source: Passwords;
  readonly #freshMs: number;
  readonly #answers = new Map<string, Answer>();

  constructor(source: Passwords, freshMs: number) {
    this.#source = source;
    this.#freshMs = freshMs;
  }

  of(userId: string, now: EpochMs): Promise<string | undefined> {
    const answer = this.#answers.get(userId);
    const age = answer === undefined ? Number.POSITIVE_INFINITY : now - answer.askedAt;
    const mostMs = answer?.isThere === true ? this.#freshMs : Math.min(this.#freshMs, PATIENCE_MS);
    if (answer !== undefined && age >= 0 && age < mostMs) return answer.password;
    return this.#remember(userId, this.#source.of(userId, now), now);
  }

  newest(userId: string, now: EpochMs): Promise<string | undefined> {
    return this.#remember(userId, this.#source.newest(userId, now), now);
  }

  #remember(
    userId: string,
    password: Promise<string | undefined>,
    askedAt: EpochMs,
  ): Promise<string | undefined> {
    const answer: Answer = { password, askedAt, isThere: false };
    this.#answers.delete(userId);
    this.#answers.set(userId, answer);
    // What failed is asked again.
    password.then(
      () => {
        answer.isThere = true;
      },
      () => this.#answers.get(userId) === answer && this.#answers.delete(userId),
    );
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MOST && oldest !== undefined) this.#answers.delete(oldest);
    return password;
  }
}
