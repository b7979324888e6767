import { GRACE_MS } from "../../core/clocks.ts";
import { pooledRandom } from "../../core/environment.ts";
import { OptionsError, SessionEndedError } from "../../core/errors.ts";
import { parseObject } from "../../core/json.ts";
import { refuseTokenBound } from "../../core/keychain.ts";
import { isStore, requireKnownKeys } from "../../core/option-checks.ts";
import { commitsBefore, type SessionRecord, TOMBSTONE_MS } from "../../core/record.ts";
import type { SessionStore, StoreCall } from "../../core/store.ts";
import { tombstoneOf } from "../../core/store-steps.ts";
import { newCommitId, type SessionId, type SessionToken, sessionId } from "../../core/token.ts";

/** How a store of ours is shown to a library that takes stores made for express-session. */
export interface AsConnectStoreOptions {
  /**
   * Names the sessions in the store. A manager of the same `name` lists and revokes them.
   *
   * @defaultValue "connect.sid"
   */
  readonly name?: string | undefined;
  /** Whose a session is, by what the library keeps. @defaultValue nobody's */
  readonly userId?:
    | ((session: Readonly<Record<string, unknown>>) => string | undefined)
    | undefined;
}

type Answer = (error: unknown, value?: unknown) => void;

const TIMEOUT_MS = 5_000;
const DAY_MS = 86_400_000;

const random = pooledRandom();

/**
 * Shows a store of ours to a library that has sessions of its own and takes a store made for
 * express-session for them, such as express-openid-connect.
 *
 * What it stores is filed under the hash of its id. A session that was destroyed stays so: who sets it
 * late hears a {@link SessionEndedError}. Of two that set one session the later one counts, as the
 * library hands over the whole of it.
 *
 * @throws {@link OptionsError} if the store is none, or an option is wrong.
 * @example
 * import { auth } from "express-openid-connect";
 * import { asConnectStore } from "sojourn/bridges";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const store = asConnectStore(sqliteStore("sessions.db"));
 * const middleware = auth({ session: { store } });
 */
export function asConnectStore(
  store: SessionStore,
  options: AsConnectStoreOptions = {},
): AsConnectStore {
  if (!isStore(store)) {
    throw new OptionsError("asConnectStore(store)", "takes a store, such as memoryStore().");
  }
  refuseTokenBound("asConnectStore(store)", store);
  requireKnownKeys("asConnectStore", options, ["name", "userId"]);
  return new AsConnectStore(store, options);
}

/** A store of ours, by the three methods of one made for express-session. */
export class AsConnectStore {
  readonly #store: SessionStore;
  readonly #name: string;
  readonly #userIdOf: NonNullable<AsConnectStoreOptions["userId"]>;

  constructor(store: SessionStore, { name, userId }: AsConnectStoreOptions) {
    this.#store = store;
    this.#name = name ?? "connect.sid";
    this.#userIdOf = userId ?? (() => undefined);
  }

  /** Gives what is stored under an id, or nothing. */
  get(sid: string, callback: (error: unknown, session?: never) => void): void {
    answer(callback as Answer, async () => {
      const stored = await this.#store.load(this.#idOf(sid), newCall());
      return stored?.kind === "live" ? parseObject(stored.data) : undefined;
    });
  }

  /** Stores a session under an id, for as long as its cookie lives. */
  set(sid: string, session: object, callback: (error?: unknown) => void = () => undefined): void {
    answer(callback, () => this.#set(this.#idOf(sid), session as Record<string, unknown>));
  }

  /** Ends the session with this id. */
  destroy(sid: string, callback: (error?: unknown) => void = () => undefined): void {
    answer(callback, async () => {
      const call = newCall();
      const end = { version: newCommitId(random), reason: "destroyed", endedAt: call.now } as const;
      const owner = { manager: this.#name };
      const expiresAt = call.now + TOMBSTONE_MS;
      const tombstone = tombstoneOf(this.#idOf(sid), owner, { ...end, expiresAt });
      await this.#store.end(tombstone, undefined, call);
    });
  }

  async #set(id: SessionId, session: Record<string, unknown>): Promise<void> {
    for (;;) {
      const call = newCall();
      const stored = await this.#store.load(id, call);
      if (stored?.kind === "ended") throw new SessionEndedError("store the session");
      const record = this.#recordOf(id, session, stored, call.now);
      if (stored === undefined) {
        if ((await this.#store.create(record, call)) === "created") return;
      } else if ((await this.#store.update(record, stored.version, call)).kind === "updated")
        return;
    }
  }

  #recordOf(
    id: SessionId,
    session: Record<string, unknown>,
    before: SessionRecord | undefined,
    now: number,
  ): SessionRecord {
    const endsAt = endOf(session["cookie"], now);
    const createdAt = before?.createdAt ?? now;
    const userId = this.#userIdOf(session);
    return {
      kind: "live",
      id,
      manager: this.#name,
      version: newCommitId(random),
      earlier: before === undefined ? "" : commitsBefore(before),
      data: JSON.stringify(session),
      flash: "",
      notes: before?.notes,
      userId,
      createdAt,
      lastSeenAt: now,
      authenticatedAt: userId === undefined ? undefined : (before?.authenticatedAt ?? now),
      persistent: false,
      device: before?.device,
      idleTimeoutMs: Math.max(endsAt - now, 1),
      absoluteTimeoutMs: Math.max(endsAt - createdAt, 1),
      expiresAt: endsAt + GRACE_MS,
    };
  }

  #idOf(sid: string): SessionId {
    return sessionId(sid as SessionToken, this.#name);
  }
}

function newCall(): StoreCall {
  return { signal: AbortSignal.timeout(TIMEOUT_MS), now: Date.now() };
}

/** When a session ends, as its cookie says: by a date, or a number, in any of their forms. */
function endOf(cookie: unknown, now: number): number {
  const { expires, maxAge } = Object(cookie) as { expires?: unknown; maxAge?: unknown };
  const at = typeof expires === "string" ? Date.parse(expires) : Number(expires ?? Number.NaN);
  if (Number.isFinite(at) && at > 0) return at;
  return now + (typeof maxAge === "number" && maxAge > 0 ? maxAge : DAY_MS);
}

function answer(callback: Answer, act: () => Promise<unknown>): void {
  act().then(
    (value) => process.nextTick(callback, null, value),
    (error: unknown) => process.nextTick(callback, error),
  );
}
