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
}

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
    if (answer !== undefined && age >= 0 && age < this.#freshMs) return answer.password;
    return this.#remember(userId, { password: this.#source.of(userId, now), askedAt: now });
  }

  newest(userId: string, now: EpochMs): Promise<string | undefined> {
    return this.#remember(userId, { password: this.#source.newest(userId, now), askedAt: now });
  }

  #remember(userId: string, answer: Answer): Promise<string | undefined> {
    const { password } = answer;
    this.#answers.delete(userId);
    this.#answers.set(userId, answer);
    // What failed is asked again.
    password.catch(() => this.#answers.get(userId) === answer && this.#answers.delete(userId));
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MOST && oldest !== undefined) this.#answers.delete(oldest);
    return password;
  }
}
