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
    return this.#guess(req, email, () => this.#accounts.authenticate(email, password));
  }

  /** Whether the password is this user's. */
  async confirm(req: Request, { id, email }: User, password: string): Promise<boolean> {
    const confirmed = await this.#guess(req, email, async () => {
      const user = await this.#accounts.authenticate(email, password);
      // Somebody else may have an account under the same e-mail.
      return user?.id === id ? user : undefined;
    });
    return confirmed !== undefined;
  }

  /** Adds a user. */
  async register(req: Request, ...[user]: Parameters<Accounts["register"]>): Promise<User> {
    const address = addressOf(req);
    const leave = this.#atOnce.address.take(address);
    try {
      this.#registrations.take(address);
      return await this.#accounts.register(user);
    } finally {
      leave();
    }
  }

  async #guess(req: Request, email: string, check: Check): Promise<User | undefined> {
    const address = addressOf(req);
    const pair = `${address} ${email}`;
    const leave = takeAll([
      () => this.#atOnce.pair.take(pair),
      () => this.#atOnce.address.take(address),
    ]);
    const { pair: pairs, address: addresses, email: emails } = this.#guesses;
    const counts = [
      () => pairs.take(pair),
      () => addresses.take(address),
      () => emails.take(email),
    ];
    return countedIfWrong(counts, check).finally(leave);
  }
}

type Check = () => Promise<User | undefined>;
type Take = () => () => void;

/** Counted before the answer is known, so that many tries at once are as many. */
async function countedIfWrong(counts: readonly Take[], check: Check): Promise<User | undefined> {
  const giveBack = takeAll(counts);
  let isWrong = false;
  try {
    const user = await check();
    isWrong = user === undefined;
    return user;
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

/** The peer's: a proxy in front of the shop must be named to Express (`trust proxy`). */
function addressOf(req: Request): string {
  return req.ip ?? "";
}
