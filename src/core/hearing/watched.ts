import type { Deadline } from "../deadline.ts";
import type { EndedListener } from "../onlooker.ts";
import type { EpochMs } from "../record.ts";
import type { SessionId } from "../token.ts";
import type { Look } from "./looks.ts";

/** One call of `watch`. */
export interface Watching {
  readonly onEnded: EndedListener | undefined;
  /** What it watches: another one where two have become the same, none once it has stopped. */
  of: WatchedSession | WatchedUser | undefined;
}

/** Looks at one of them. */
export type LookAt<T> = (watched: T, deadline: Deadline) => Promise<void>;

/** Who is given new tokens all the time is not remembered under all of them. */
const MAX_IDS = 100;

/** A session that is watched, under all the ids that it has had since. */
export class WatchedSession implements Look {
  readonly ids: SessionId[];
  readonly watchings: Set<Watching> = new Set();
  /** Whose it was when it was looked at last, or is said to be. */
  userId: string | undefined;
  /** When it ends if nobody uses it. */
  endsAt: EpochMs | undefined;
  /** Where all of its user's sessions are watched. */
  user: WatchedUser | undefined;
  /** Nobody watches it any more, or it has been told of. */
  isGone = false;
  readonly #lookAt: LookAt<WatchedSession>;

  constructor(id: SessionId, lookAt: LookAt<WatchedSession>) {
    this.ids = [id];
    this.#lookAt = lookAt;
  }

  /** What stands for one that is not there. */
  static gone(id: string): WatchedSession {
    const session = new WatchedSession(id as SessionId, async () => undefined);
    session.isGone = true;
    return session;
  }

  /** The newest, under which it is live if it is. */
  get id(): SessionId {
    return this.ids.at(-1) as SessionId;
  }

  look(deadline: Deadline): Promise<void> {
    return this.#lookAt(this, deadline);
  }

  belongTo(user: WatchedUser | undefined): void {
    this.user?.sessions.delete(this);
    this.user = user;
    user?.sessions.add(this);
  }
}

/** A user all of whose sessions are watched. */
export class WatchedUser implements Look {
  readonly userId: string;
  readonly watchings: Set<Watching> = new Set();
  /** Those that are known of. */
  readonly sessions: Set<WatchedSession> = new Set();
  isGone = false;
  readonly #lookAt: LookAt<WatchedUser>;

  constructor(userId: string, lookAt: LookAt<WatchedUser>) {
    this.userId = userId;
    this.#lookAt = lookAt;
  }

  look(deadline: Deadline): Promise<void> {
    return this.#lookAt(this, deadline);
  }
}

/** The sessions that are watched, by each of their ids. */
export class Register {
  readonly #byId = new Map<SessionId, WatchedSession>();
  readonly #lookAt: LookAt<WatchedSession>;

  constructor(lookAt: LookAt<WatchedSession>) {
    this.#lookAt = lookAt;
  }

  get sessions(): Iterable<WatchedSession> {
    return new Set(this.#byId.values());
  }

  find(id: SessionId): WatchedSession | undefined {
    return this.#byId.get(id);
  }

  enter(id: SessionId): WatchedSession {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const session = new WatchedSession(id, this.#lookAt);
    this.#byId.set(id, session);
    return session;
  }

  /** It goes on under another id. Returns what stands for it now: that one may be watched, too. */
  move(session: WatchedSession, next: SessionId): WatchedSession {
    const other = this.#byId.get(next);
    if (other === session) return session;
    if (other !== undefined) return this.#merge(session, other);
    session.ids.push(next);
    this.#byId.set(next, session);
    // Not the first, which is what whoever watches it knows.
    if (session.ids.length > MAX_IDS) {
      for (const id of session.ids.splice(1, 1)) this.#byId.delete(id);
    }
    return session;
  }

  delete(session: WatchedSession): void {
    session.isGone = true;
    session.belongTo(undefined);
    for (const id of session.ids) this.#byId.delete(id);
  }

  #merge(session: WatchedSession, other: WatchedSession): WatchedSession {
    const { user } = session;
    this.delete(session);
    if (other.user === undefined) other.belongTo(user);
    other.ids.unshift(...session.ids);
    for (const id of session.ids) this.#byId.set(id, other);
    for (const watching of session.watchings) {
      watching.of = other;
      other.watchings.add(watching);
    }
    return other;
  }
}
