import type { Request } from "express";
import type { Accounts, User } from "./accounts.ts";
import { Shares } from "./shares.ts";
import { Throttle } from "./throttle.ts";

const windowMs = 15 * 60_000;

/**
 * Lets nobody try passwords, or make accounts, as fast as they can.
 *
 * Each method throws an `HttpError`: 429 after too many tries, 503 at too many at once.
 */
export class PasswordGuard {
  readonly #accounts: Accounts;
  /** Nobody fills the queue for hashes alone. */
  readonly #atOnce = { pair: new Shares(2), address: new Shares(6) };
  /** Wrong passwords, wherever in the shop they were given. */
  readonly #guesses = {
    /** One visitor at one account. Whoever guesses elsewhere locks nobody out here. */
    pair: new Throttle({ limit: 10, windowMs }),
    /** One visitor at many accounts. */
    address: new Throttle({ limit: 30, windowMs }),
    /** Many visitors at one account: the bound of NIST SP 800-63B-4, 3.2.2. */
    email: new Throttle({ limit: 100, windowMs }),
  };
  readonly #registrations = new Throttle({ limit: 60, windowMs });

  constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }

  /** The user with this e-mail and password. */
  authenticate(req: Request, email: string, password: string): Promise<User | undefined> {
    return this.#guess(req, email, {
      byAddress: this.#guesses.address,
      check: () => this.#accounts.authenticate(email, password),
      isRight: (user) => user !== undefined,
    });
  }

  /** Whether the password is this user's. */
  confirm(req: Request, { id, email }: User, password: string): Promise<boolean> {
    return this.#guess(req, email, {
      byAddress: this.#guesses.address,
      // Somebody else may have an account under the same e-mail.
      check: async () => (await this.#accounts.authenticate(email, password))?.id === id,
      isRight: (isTheirs) => isTheirs,
    });
  }

  /** Adds a user. Counted as a guess, as whoever names the password of an account is in. */
  register(req: Request, ...[user]: Parameters<Accounts["register"]>): Promise<User> {
    return this.#guess(req, user.email, {
      byAddress: this.#registrations,
      check: () => this.#accounts.register(user),
      isRight: () => false,
    });
  }

  async #guess<Result>(req: Request, email: string, guess: Guess<Result>): Promise<Result> {
    // The peer's: a proxy in front of the shop must be named to Express (`trust proxy`).
    const address = req.ip ?? "";
    const pair = `${address} ${email}`;
    const leave = takeAll([
      () => this.#atOnce.pair.take(pair),
      () => this.#atOnce.address.take(address),
    ]);
    const counts = [
      () => this.#guesses.pair.take(pair),
      () => guess.byAddress.take(address),
      () => this.#guesses.email.take(email),
    ];
    return countedIfWrong(counts, guess).finally(leave);
  }
}

interface Guess<Result> {
  readonly byAddress: Throttle;
  check(): Promise<Result>;
  isRight(result: Result): boolean;
}

type Take = () => () => void;

/** Counted before the answer is known, so that many tries at once are as many. */
async function countedIfWrong<Result>(
  counts: readonly Take[],
  { check, isRight }: Guess<Result>,
): Promise<Result> {
  const giveBack = takeAll(counts);
  let isWrong = false;
  try {
    const result = await check();
    isWrong = !isRight(result);
    return result;
  } finally {
    // A right one is given back and wipes out nothing: an own account would reset the count.
    if (!isWrong) giveBack();
  }
}

/** Takes one after the other, and gives back all of them where one is refused. */
function takeAll(takes: readonly Take[]): () => void {
  const taken: (() => void)[] = [];
  const giveBack = (): void => {
    for (const undo of taken) undo();
  };
  try {
    for (const take of takes) taken.push(take());
  } catch (error) {
    giveBack();
    throw error;
  }
  return giveBack;
}
