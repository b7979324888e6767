import type { ValueKind } from "./codec.ts";
import type { Duration } from "./duration.ts";
import type { JsonValue } from "./json.ts";
import type { Present, StorableItem } from "./storable.ts";

/**
 * What the function given to {@link Session.update} returns to remove the key, in the same atomic
 * step in which it saw the value.
 *
 * @example
 * await session.update("cart", (cart) => (cart.length > 1 ? cart.slice(1) : REMOVE));
 */
export const REMOVE: unique symbol = Symbol.for("sojourn.remove");

declare const DATA: unique symbol;

/**
 * The values of a session and the public facts about it, for reading. A function that takes a view
 * of a few keys takes any session that has them.
 */
export interface SessionView<D extends object> {
  /** For the compiler alone, which would not compare the values of two views by `get`. */
  readonly [DATA]?: D;
  /**
   * The value under a key, or its default.
   *
   * An object is the session's own: on an open {@link Session} a change in place is saved.
   */
  get<K extends keyof D & string>(key: K): D[K];
  /** Whether `get` would give a value. */
  has(key: keyof D & string): boolean;
  /** Every key with a value, and that value: also keys that the type does not name. */
  entries<K extends keyof D & string = keyof D & string>(): IterableIterator<[K, D[K]]>;

  /** The public handle: safe to log, to list and to put in a URL. Not the cookie's token. */
  readonly id: string;
  /** Who is signed in, if anybody. */
  readonly userId: string | undefined;
  /** When the absolute clock started: at the first write, again at sign-in. Epoch ms. */
  readonly createdAt: number;
  /** The last activity before this request; lags by up to a tenth of the idle timeout. Epoch ms. */
  readonly lastSeenAt: number;
  /** When the session ends unless there is activity before: the earlier of the next two. Epoch ms. */
  readonly expiresAt: number;
  /** When the session ends if nobody uses it: its idle end. Epoch ms. */
  readonly idleEndsAt: number;
  /** When the session ends, used or not: its absolute end. Epoch ms. */
  readonly endsAt: number;
  /** When the user last proved who they are. Epoch ms. */
  readonly authenticatedAt: number | undefined;
  /**
   * When each factor was proved that `signIn` has named: epoch ms, by the factor's name. It is empty
   * where none was named, or nobody is signed in.
   *
   * @example
   * const hasTotp = session.factors.has("totp");
   */
  readonly factors: ReadonlyMap<string, number>;
  /** Whether the visitor asked to be remembered. */
  readonly persistent: boolean;
  /** What the application or its user calls the device, for a list of the user's devices. */
  readonly label: string | undefined;
  /** Where the user signed in, as the application said at sign-in. */
  readonly place: string | undefined;
  /**
   * Whether the user signed in within `maxAge`: ask before a sensitive action (OWASP ASVS 5.0, 7.5.1).
   *
   * @param options - `factors` asks for each of these factors, rather than for any sign-in.
   * @throws {@link OptionsError} for what is no duration, and for what names no factor.
   * @example
   * if (!session.isFresh("10m", { factors: ["totp"] })) return res.redirect("/confirm");
   */
  isFresh(maxAge: Duration, options?: FreshOptions): boolean;
}

/**
 * A visitor's session, as one request sees it.
 *
 * *Changes* (`set`, `delete`, `clear`, `flash`, `take`, `takeAll`, a value changed in place) are
 * gathered, stored before the first byte of the response, and dropped when the response is a 5xx.
 * *Transitions* (everything that returns a promise) take effect when their promise resolves.
 *
 * A change that meets an ended session fails the request with {@link SessionEndedError} (409).
 *
 * @typeParam K - `"rich"` where the option `values` lets it hold more than what JSON carries.
 */
export interface Session<D extends object, K extends ValueKind = "json"> extends SessionView<D> {
  /** Whether the visitor came without a session. */
  readonly isNew: boolean;
  /** Whether another request of this visitor has ended the session: it reads as empty. */
  readonly isEnded: boolean;
  /**
   * Set it to remember this visitor beyond the browser's end, or to stop doing so: from then on the
   * other timeouts hold, and {@link SessionView.expiresAt} tells what that means. Neither ends the
   * session at once.
   */
  persistent: boolean;
  /**
   * Set it to name the device, or to `undefined` to name it no more. It is stored with the changes,
   * on one line and of 200 characters at the most: a user may have typed it. A new token leaves it, a
   * sign-in of the same visitor too.
   *
   * @example
   * session.label = "Kitchen tablet";
   */
  label: string | undefined;

  /**
   * Sets a value; without options for as long as the session lives, whatever was there before.
   *
   * @throws {@link CodecError} at once, naming the key path, if JSON would change or lose it,
   * {@link OptionsError} for what is no duration.
   * @example
   * session.set("theme", "dark", { expiresIn: "10m" });
   */
  set<K extends keyof D & string>(
    key: K,
    value: Exclude<D[K], undefined>,
    options?: ValueOptions,
  ): void;
  /** Removes a key; a default shows again. */
  delete(key: keyof D & string): void;
  /** Removes every key. Signs nobody out. */
  clear(): void;

  /**
   * Changes a value by what it is at that moment in the store: no parallel update is lost, none
   * counts twice.
   *
   * @param fn - Synchronous and pure, as it may run again. It returns the next value, even where it
   * has changed the one that it was given, or {@link REMOVE} to remove the key.
   * @param options - `expiresIn` gives the value a time of its own, or another one; without it the
   * value keeps the one that it has.
   * @returns The value as stored; after a removal what `get` gives.
   * @throws {@link SessionEndedError} if the session has ended, {@link StoreError} if the store
   * cannot answer, {@link CodecError} if `fn` returns nothing, or what JSON would change or lose.
   * @example
   * const visits = await session.update("visits", (n) => n + 1);
   */
  update<K extends keyof D & string>(
    key: K,
    fn: (value: D[K]) => Present<D[K]> | typeof REMOVE,
    options?: ValueOptions,
  ): Promise<D[K]>;
  /**
   * Reads a value and removes it, exactly once among parallel requests: for OAuth state and
   * one-time codes.
   */
  consume<K extends keyof D & string>(key: K): Promise<D[K] | undefined>;

  /**
   * Does a piece of work once for this session, whatever runs beside it on any process or host:
   * refreshes a token that may be used once, charges a card.
   *
   * One holder at a time has the lease of that name. What its work changes and the end of the lease
   * are one commit; who has lost the lease stores nothing. Others wait, and resolve to the holder's
   * result (JSON of up to 4 KiB, or nothing) without doing the work again; so does whoever has read
   * the session before it was done. Where the holder failed, or its result is no JSON, the next one
   * does the work. Readers and plain updates wait for nobody.
   *
   * @param name - Of the work, such as `"refresh"`; up to 100 characters. Others go their own way.
   * @param work - May wait, call other servers and change the session that it is given, and nothing
   * but that one.
   * @returns What `work` returned, here or elsewhere.
   * @throws {@link ExclusiveError} if the work outran its lease (`lost`) or somebody else's took
   * longer than `wait` (`busy`), {@link SessionEndedError} if the session ended or was given a new
   * token meanwhile, {@link StoreError} if the store cannot answer, {@link OptionsError} for sessions
   * in cookies, which no store keeps; and what `work` throws.
   * @example
   * const status = await session.exclusive("order", async (held, { signal }) => {
   *   const body = JSON.stringify(held.get("cart"));
   *   const answer = await fetch(url, { method: "POST", body, signal });
   *   if (answer.ok) held.delete("cart");
   *   return answer.status;
   * });
   */
  exclusive<R>(
    name: string,
    work: Exclusively<D, R> & Shareable<Awaited<NoInfer<R>>>,
  ): Promise<Awaited<R>>;
  exclusive<R>(
    name: string,
    options: ExclusiveOptions & { readonly runAnyway: true },
    work: Exclusively<D, R>,
  ): Promise<Awaited<R>>;
  exclusive<R>(
    name: string,
    options: ExclusiveOptions,
    work: Exclusively<D, R> & Shareable<Awaited<NoInfer<R>>>,
  ): Promise<Awaited<R>>;

  /**
   * Leaves a message for the next request. Several under one key are shown in turn; where nobody
   * takes them, the newest 50 of a key are kept, and fewer where a change needs the room.
   *
   * @throws {@link CodecError} at once, naming the key path, if JSON would change or lose it.
   */
  flash<V>(key: string, value: V & StorableItem<V, K>): void;
  /**
   * The oldest message under a key from an earlier request, or `undefined`. It is shown at least
   * once: removed with this response, but not by HEAD, a prefetch or a 5xx.
   *
   * @typeParam V - What was left under the key, as far as the caller knows. Nothing checks it.
   * @example
   * const note = session.take<{ text: string }>("note");
   */
  take<V = JsonValue>(key: string): V | undefined;
  /**
   * Every message under a key that `take` would give one by one, the oldest first; without a key
   * those of every key, by their keys.
   *
   * @typeParam V - As for `take`.
   * @example
   * const { notice = [], error = [] } = session.takeAll<string>();
   */
  takeAll<V = JsonValue>(key: string): V[];
  takeAll<V = JsonValue>(): Record<string, V[]>;

  /**
   * Signs a user in: new token, both clocks start again, `authenticatedAt` is now unless said.
   *
   * Resolves when the new session is stored and the old token is dead (OWASP ASVS 5.0, 7.2.4).
   *
   * @throws {@link SessionEndedError} if the session, or all of the user's, were ended meanwhile.
   * @example
   * await session.signIn(user.id, { persistent: form.remember === "on" });
   */
  signIn(userId: string, options?: SignInOptions<D>): Promise<void>;
  /**
   * Ends this session. What follows is a new anonymous one that holds only the kept keys.
   *
   * @example
   * await session.signOut({ keep: ["theme"] });
   */
  signOut(options?: SignOutOptions<D>): Promise<void>;
  /** Gives the session a new token: call it when the user's rights change. Data and clocks stay. */
  regenerate(): Promise<void>;
  /** Ends the session and clears the cookie. Nothing can be stored afterwards. */
  destroy(): Promise<void>;
  /** Commits now rather than before the first byte. */
  save(): Promise<void>;
}

/** Work that one holder at a time does: see {@link Session.exclusive}. */
type Exclusively<D extends object, R> = (session: ExclusiveSession<D>, lease: Lease) => R;

/** Anything for a result that others can be told, which is nothing or JSON; else a sentence. */
// biome-ignore lint/suspicious/noConfusingVoidType: it is what a function without a result returns.
type Shareable<T> = [T] extends [StorableItem<T> | undefined | void] ? unknown : StorableItem<T>;

/**
 * The session as exclusive work sees it: as it stood when its lease began, with what the work itself
 * changes. That is stored together with the end of the lease, or not at all; what {@link update}
 * returns may be another value then, as its function is applied to the newest one.
 */
export interface ExclusiveSession<D extends object>
  extends SessionView<D>,
    Pick<Session<D>, "set" | "delete" | "update"> {}

/** How long exclusive work may take, and whom it waits for. */
export interface ExclusiveOptions {
  /**
   * How long the work may take, at most an hour: longer than it ever should, and as long as others
   * wait where its process has died.
   *
   * @defaultValue `"10s"`
   */
  readonly lease?: Duration | undefined;
  /**
   * How long to wait for somebody else who is at it.
   *
   * @defaultValue twice the lease
   */
  readonly wait?: Duration | undefined;
  /**
   * Whether to do the work after somebody else has, rather than to take their result.
   *
   * @defaultValue `false`
   */
  readonly runAnyway?: boolean | undefined;
}

/** What the holder of a lease knows, and can note. */
export interface Lease {
  /** Aborted when the lease is over. Pass it to `fetch`. */
  readonly signal: AbortSignal;
  /**
   * How the last holder ended, if not by being done. `"unknown"`: its process died, or it took too
   * long; it may have done the work or not, and nobody can know. `"failed"`: its work threw.
   */
  readonly previous: "unknown" | "failed" | undefined;
  /** What that holder had noted by {@link intend}. */
  readonly intent: JsonValue | undefined;
  /**
   * Notes what is about to be done, before the outside world is asked: if this process dies, the next
   * holder reads it.
   *
   * @param intent - JSON of up to 4 KiB. Stored when the promise resolves.
   * @throws As {@link Session.exclusive}, and {@link CodecError} for what is no JSON.
   */
  intend(intent: JsonValue): Promise<void>;
}

/** What has to be fresh. */
export interface FreshOptions {
  /**
   * The factors, each of which must have been proved within the time.
   *
   * @defaultValue any sign-in, whatever it proved
   */
  readonly factors?: readonly string[] | undefined;
}

/** How to keep a value. */
export interface ValueOptions {
  /**
   * How long the value is kept, from now on by the server's clock: then it reads as if it had never
   * been set, without a request that removes it. The session may end before.
   *
   * @defaultValue for as long as the session lives
   */
  readonly expiresIn?: Duration | undefined;
}

/** How to sign in. */
export interface SignInOptions<D extends object> {
  /**
   * Which data to take along.
   *
   * @defaultValue from an anonymous visitor what the option `keepAtSignIn` says, `"all"` from the same
   * user, `"none"` from another user
   */
  readonly keep?: "all" | "none" | readonly (keyof D & string)[] | undefined;
  /**
   * What the user has just proved, in your own words or those of RFC 8176: `["password", "totp"]`; or
   * when each was proved, where that is not now: `{ otp: claims.auth_time * 1000 }`, epoch ms. Up to 8.
   *
   * Where the same user signs in again (re-authentication, step-up), the time of these factors moves,
   * and others keep theirs. Nobody else's factors are taken along, nor those of a hand-off.
   *
   * @defaultValue none
   */
  readonly factors?: readonly string[] | Readonly<Record<string, number>> | undefined;
  /**
   * Whether to remember the user beyond the browser's end.
   *
   * @defaultValue as it was when the same user signs in again, else `false`
   */
  readonly persistent?: boolean | undefined;
  /**
   * Ends this session if nobody uses it for so long. Longer than what the options allow is what they
   * allow (`longest`). It holds until the next sign-in, whatever the visitor wishes about being
   * remembered.
   *
   * @defaultValue by the options
   */
  readonly idleTimeout?: Duration | undefined;
  /** Ends this session, used or not. As `idleTimeout`. @defaultValue by the options */
  readonly absoluteTimeout?: Duration | undefined;
  /**
   * Ends this session at this moment at the latest, such as the end of the session at an identity
   * provider. Epoch ms: of a JWT, `exp * 1000`.
   *
   * @defaultValue none
   */
  readonly endsAt?: number | undefined;
  /**
   * When the user proved who they are, where an identity provider says that it was earlier (`auth_time`
   * of an ID token, times 1000): `isFresh` asks for that, and listed `factors` were proved then. Epoch ms,
   * not in the future.
   *
   * @defaultValue now
   */
  readonly authenticatedAt?: number | undefined;
  /**
   * What to call the device in a list of the user's devices. It is kept on one line, of 200 characters
   * at the most.
   *
   * @defaultValue what the same visitor has called it; of another user's nothing
   */
  readonly label?: string | undefined;
  /**
   * Where the user signs in, such as `"Lisbon, Portugal"`: looked up by the application, which knows
   * the address. It is kept as `label` is.
   *
   * @defaultValue as it was when the same user signs in again, else none
   */
  readonly place?: string | undefined;
}

/** How to sign out. */
export interface SignOutOptions<D extends object> {
  /** Keys that the visitor takes along. @defaultValue none */
  readonly keep?: readonly (keyof D & string)[] | undefined;
}
