import { OptionsError } from "../../core/errors.ts";
import { internalsOf } from "../../core/internals.ts";
import { checkUserId, requireKnownKeys } from "../../core/option-checks.ts";
import { behind } from "../../core/request/behind.ts";
import { Turns } from "../../core/request/turns.ts";
import type { Session, SignInOptions } from "../../core/session.ts";
import type { SessionInfo, Sessions } from "../../core/sessions.ts";

/** How many accounts one browser may have at once. */
export interface AccountsOptions {
  /** @defaultValue 5, and 10 at the most: each may cost its cookie */
  readonly max?: number | undefined;
}

/** One account that is signed in here. */
export interface Account<D extends object> {
  /** Its number, which stands in the page's address: `/u/0`. */
  readonly slot: number;
  readonly session: Session<D>;
}

/** Where somebody has signed in; `full` where every slot is another account's. */
export type AccountSignIn<D extends object> =
  | ({ readonly ok: true } & Account<D>)
  | { readonly ok: false; readonly reason: "full" };

/**
 * Several accounts in one browser: a slot each, with sessions, a cookie and a token of its own. Nothing that is done
 * in one slot reaches another, and no cookie names what lies in another.
 */
export interface Accounts<D extends object> {
  /** The sessions of each slot. Mount all of them in your framework; `handle` does so for web handlers. */
  readonly slots: readonly Sessions<D>[];
  /**
   * The sessions of the slot that an address names: `"0"`, or 0.
   *
   * @returns `undefined` where there is no such slot: answer with 404.
   */
  at(slot: unknown): Sessions<D> | undefined;
  /** Runs a web-standard handler with the sessions of every slot. As `sessions.handle`. */
  handle: Sessions<D>["handle"];
  /** Who is signed in in this browser, by their slots. Show their names; never trust a slot to be theirs. */
  signedIn(request: object): Promise<Account<D>[]>;
  /**
   * Signs a user in: in the slot that is theirs already, as a step-up, else in the first that is free. The others
   * stay as they are.
   *
   * @throws as `session.signIn`.
   */
  signIn(request: object, userId: string, options?: SignInOptions<D>): Promise<AccountSignIn<D>>;
  /** Signs every account of this browser out. For one of them: open its slot, and `session.signOut()`. */
  signOutAll(request: object): Promise<void>;
  /** The user's sessions, in whichever slots of whichever browsers. */
  list(of: { readonly userId: string }): Promise<SessionInfo[]>;
  /** Ends the user's sessions, in whichever slots. As `sessions.revokeAll`. */
  revokeAll(of: { readonly userId: string; readonly except?: string }): Promise<number>;
}

const MAX_SLOTS = 10;

/**
 * Lets one browser have several accounts signed in at once, in slots of their own: `/u/0`, `/u/1`.
 *
 * @param make - Makes the sessions of one slot, under the name that it is given.
 * @throws {@link OptionsError} for a number that is none, and for sessions of another name.
 * @example
 * const store = memoryStore();
 * const users = accounts((name) => createSessions({ name, store }), { max: 3 });
 * const session = await users.at("0")?.open(req);
 */
export function accounts<D extends object>(
  make: (name: string) => Sessions<D>,
  options: AccountsOptions = {},
): Accounts<D> {
  requireKnownKeys("accounts", options, ["max"]);
  const { max = 5 } = options;
  if (!Number.isSafeInteger(max) || max < 1 || max > MAX_SLOTS) {
    throw new OptionsError("accounts(max)", `must be a number from 1 to ${MAX_SLOTS}.`);
  }
  return new Slots(Array.from({ length: max }, (_, slot) => made(make, `account-${slot}`)));
}

function made<D extends object>(make: (name: string) => Sessions<D>, name: string): Sessions<D> {
  const sessions = make(name);
  if (internalsOf(sessions).engine.name === name) return sessions;
  throw new OptionsError("accounts(make)", "must make sessions of the name that it is given.");
}

class Slots<D extends object> implements Accounts<D> {
  readonly slots: readonly Sessions<D>[];
  readonly #turns = new WeakMap<object, Turns>();

  constructor(slots: readonly Sessions<D>[]) {
    this.slots = slots;
  }

  at(slot: unknown): Sessions<D> | undefined {
    const place = typeof slot === "string" && /^\d$/.test(slot) ? Number(slot) : slot;
    return typeof place === "number" ? this.slots[place] : undefined;
  }

  handle: Sessions<D>["handle"] = (request, handler, options) => {
    const inside = this.slots.reduce<typeof handler>(
      (within, sessions) => (each) => sessions.handle(each, within, options),
      handler,
    );
    return Promise.resolve(inside(request));
  };

  async signedIn(request: object): Promise<Account<D>[]> {
    const all = await this.#open(request);
    return all.filter(({ session }) => session.userId !== undefined);
  }

  async signIn(
    request: object,
    userId: string,
    options?: SignInOptions<D>,
  ): Promise<AccountSignIn<D>> {
    checkUserId("signIn(userId)", userId);
    // Two that see the same slot free would both take it.
    const turns = this.#turns.get(request) ?? new Turns();
    this.#turns.set(request, turns);
    return turns.take(() => this.#signIn(request, userId, options));
  }

  async #signIn(
    request: object,
    userId: string,
    options: SignInOptions<D> | undefined,
  ): Promise<AccountSignIn<D>> {
    const all = await this.#open(request);
    const own = all.find(({ session }) => holderOf(session) === userId);
    const account = own ?? all.find(({ session }) => holderOf(session) === undefined);
    if (account === undefined) return { ok: false, reason: "full" };
    await account.session.signIn(userId, options);
    return { ok: true, ...account };
  }

  async signOutAll(request: object): Promise<void> {
    for (const { session } of await this.#open(request)) {
      if (holderOf(session) !== undefined) await session.signOut();
    }
  }

  async list(of: { readonly userId: string }): Promise<SessionInfo[]> {
    return (await Promise.all(this.slots.map((sessions) => sessions.list(of)))).flat();
  }

  async revokeAll(of: { readonly userId: string; readonly except?: string }): Promise<number> {
    let ended = 0;
    for (const sessions of this.slots) ended += await sessions.revokeAll(of);
    return ended;
  }

  #open(request: object): Promise<Account<D>[]> {
    const opening = this.slots.map(async (sessions, slot) => ({
      slot,
      session: await sessions.open(request),
    }));
    return Promise.all(opening);
  }
}

/** Whose slot it is: also while their session is locked. */
function holderOf(session: Pick<Session<object>, "userId">): string | undefined {
  return session.userId ?? behind(session, "accounts").state.locked?.userId;
}
