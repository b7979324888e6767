import type { Engine } from "../engine.ts";
import { ownerAmong } from "../notes.ts";
import type { EndedReason } from "../onlooker.ts";
import type { EpochMs, Tombstone } from "../record.ts";
import { hiddenUserId, type SessionId } from "../token.ts";
import type { Looks } from "./looks.ts";
import { Recent } from "./recent.ts";
import type { Rhythm } from "./rhythm.ts";
import { MOST_AT_ONCE, type Telling } from "./telling.ts";
import type { Register, WatchedSession, WatchedUser, Watching } from "./watched.ts";

/** A watched session may be a few looks behind its tokens. */
const STRANGERS_MS = 30_000;

/** What a post is made of. */
export interface PostParts {
  readonly engine: Engine;
  readonly looks: Looks;
  readonly rhythm: Rhythm;
  readonly telling: Telling;
  readonly register: Register;
  readonly recent: Recent<SessionId>;
}

/** What one onlooker watches, and how it is told of. */
export class Post {
  readonly engine: Engine;
  readonly looks: Looks;
  readonly rhythm: Rhythm;
  readonly telling: Telling;
  readonly register: Register;
  readonly users: Map<string, WatchedUser> = new Map();
  /** By what stands for them where a session has ended. */
  readonly #marked = new Map<string, WatchedUser>();
  readonly #recent: Recent<SessionId>;
  /** Those told of before anybody knew that they were a watched session's. */
  readonly #strangers: Recent<SessionId> = new Recent(STRANGERS_MS);

  constructor({ engine, looks, rhythm, telling, register, recent }: PostParts) {
    this.engine = engine;
    this.looks = looks;
    this.rhythm = rhythm;
    this.telling = telling;
    this.register = register;
    this.#recent = recent;
  }

  enter(user: WatchedUser): void {
    this.users.set(user.userId, user);
    this.#marked.set(hiddenUserId(user.userId, this.engine.name), user);
  }

  /** The watched user whose a session was. */
  ownerOf(stone: Tombstone): WatchedUser | undefined {
    return ownerAmong(this.#marked, stone);
  }

  /** Whether it has been told of already. */
  knows(id: SessionId): boolean {
    return this.#recent.has(id, performance.now());
  }

  /** A watched session has ended. */
  over(session: WatchedSession, reason: EndedReason, userId: string | undefined): void {
    const watchings = [...session.watchings];
    const whose = userId ?? session.userId;
    this.drop(session);
    const now = performance.now();
    // What it was on the way may have been told of, as nobody knew whose it was.
    const isOnTheWay = (id: SessionId): boolean => id !== session.ids[0] && id !== session.id;
    const ids = session.ids.filter((id) => !isOnTheWay(id) || !this.#strangers.has(id, now));
    this.tell(ids, reason, whose, watchings);
  }

  /** These have ended, of whom something is known. */
  tell(
    ids: readonly SessionId[],
    reason: EndedReason,
    userId: string | undefined,
    watchings: readonly Watching[],
  ): void {
    const untold = ids.filter((id) => !this.knows(id));
    const now = performance.now();
    for (const id of untold) this.#recent.add(id, now);
    const user = userId === undefined ? undefined : this.users.get(userId);
    const all = user === undefined ? watchings : [...watchings, ...user.watchings];
    // Who watches what has been told of already is told all the same.
    const isKnown = untold.length === 0;
    this.telling.add({ ids: isKnown ? ids : untold, isKnown, userId, reason, watchings: all });
  }

  /** These have ended, and nothing else is known of them. */
  tellOfIds(ids: readonly SessionId[]): void {
    const unknown = { userId: undefined, reason: "unknown", watchings: [] } as const;
    const now = performance.now();
    for (const id of ids) this.#strangers.add(id, now);
    for (let at = 0; at < ids.length; at += MOST_AT_ONCE) {
      this.telling.add({ ids: ids.slice(at, at + MOST_AT_ONCE), ...unknown });
    }
  }

  /** A session lives on, at least until then. */
  livesOn(session: WatchedSession, userId: string | undefined, endsAt: EpochMs): void {
    session.userId = userId;
    session.endsAt = endsAt;
    const user = userId === undefined ? undefined : this.users.get(userId);
    if (session.user !== user) session.belongTo(user);
    this.rhythm.endsAt(session, endsAt);
    // What is listed with its user's others is seen there.
    if (session.watchings.size > 0) this.rhythm.poll(session);
  }

  /** Nobody watches it any more. */
  drop(session: WatchedSession): void {
    this.register.delete(session);
    this.rhythm.delete(session);
    this.looks.delete(session);
  }

  stop(watching: Watching): void {
    const { of } = watching;
    watching.of = undefined;
    if (of === undefined || of.isGone) return;
    of.watchings.delete(watching);
    if (of.watchings.size > 0) return;
    if ("sessions" in of) this.#dropUser(of);
    else this.#leave(of);
  }

  #leave(session: WatchedSession): void {
    if (session.user === undefined) this.drop(session);
    else this.rhythm.stopPolling(session);
  }

  #dropUser(user: WatchedUser): void {
    user.isGone = true;
    this.users.delete(user.userId);
    this.#marked.delete(hiddenUserId(user.userId, this.engine.name));
    this.rhythm.delete(user);
    this.looks.delete(user);
    for (const session of [...user.sessions]) {
      session.belongTo(undefined);
      if (session.watchings.size === 0) this.drop(session);
    }
  }
}
