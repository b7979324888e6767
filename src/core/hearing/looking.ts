import { endOf, expiredBy } from "../clocks.ts";
import type { Deadline } from "../deadline.ts";
import { startDeadline } from "../engine.ts";
import { isOwnedBy } from "../notes.ts";
import type { SessionFacts, Tombstone } from "../record.ts";
import type { SessionId } from "../token.ts";
import { type Fate, fateOf } from "./fate.ts";
import type { Look } from "./looks.ts";
import type { Post } from "./post.ts";
import type { WatchedSession, WatchedUser } from "./watched.ts";

/** Of a user's sessions. */
const IN_ONE_TURN = 1_000;
/** Who is given new tokens faster than that is looked at again. */
const MAX_STEPS = 16;

/** Looks what has become of a watched session, under whatever tokens it was given since. */
export async function lookAtSession(
  post: Post,
  session: WatchedSession,
  deadline: Deadline,
): Promise<void> {
  let within = deadline;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const fate = await fateIn(post, session.id, within, session);
    if (session.isGone || fate === undefined) return;
    if (!goesOn(post, session, fate)) return;
    within = startDeadline(post.engine);
  }
  post.looks.add(session, "urgent");
}

/** Whether it has moved on to a token under which nobody has looked yet. */
function goesOn(post: Post, session: WatchedSession, fate: Fate): boolean {
  switch (fate.kind) {
    case "over":
      post.over(session, fate.reason, fate.userId);
      return false;
    case "live":
      post.livesOn(session, fate.userId, fate.endsAt);
      return false;
    case "moved":
      session.userId = fate.userId ?? session.userId;
      return hasMoved(post, session, fate.next);
    default:
      return fate satisfies never;
  }
}

/** `false` where what it has become is watched already: that is looked at instead. */
function hasMoved(post: Post, session: WatchedSession, next: SessionId): boolean {
  const successor = post.register.move(session, next);
  if (successor === session) return true;
  post.rhythm.delete(session);
  post.looks.add(successor, "urgent");
  return false;
}

/** Looks whether a user has sessions that are not known of, and whether those that are have gone. */
export async function lookAtUser(post: Post, user: WatchedUser, deadline: Deadline): Promise<void> {
  const { keeper, name } = post.engine;
  const { directory } = keeper.store;
  if (directory === undefined) return;
  const key = { manager: name, userId: user.userId };
  const listed = await keeper.read("list", deadline, (call) => directory.list(key, call));
  if (user.isGone) return;
  const missing = new Set(user.sessions);
  for (let at = 0; at < listed.length; at += IN_ONE_TURN) {
    enterAll(post, user, listed.slice(at, at + IN_ONE_TURN), missing);
    await new Promise(setImmediate);
    if (user.isGone) return;
  }
  for (const session of missing) post.looks.add(session, "routine");
  post.rhythm.poll(user);
}

function enterAll(
  post: Post,
  user: WatchedUser,
  listed: readonly SessionFacts[],
  missing: Set<WatchedSession>,
): void {
  for (const facts of listed) {
    const isOurs = facts.manager === post.engine.name;
    const session = isOurs ? enterListed(post, user, facts) : undefined;
    if (session !== undefined) missing.delete(session);
  }
}

/** `undefined` where a closer look is needed, or it is known to have ended since. */
function enterListed(
  post: Post,
  user: WatchedUser,
  facts: SessionFacts,
): WatchedSession | undefined {
  if (post.knows(facts.id) || expiredBy(facts, post.engine.environment.now()) !== undefined) {
    return undefined;
  }
  const session = post.register.enter(facts.id);
  // What has moved on meanwhile is looked at by itself.
  if (session.id !== facts.id) return undefined;
  session.belongTo(user);
  session.userId = user.userId;
  session.endsAt = endOf(facts);
  post.rhythm.endsAt(session, session.endsAt);
  return session;
}

/** Looks who it was that has ended, where nobody watches that very session. */
export class LookAtStranger implements Look {
  readonly #post: Post;
  readonly #id: SessionId;
  readonly #onDone: () => void;

  constructor(post: Post, id: SessionId, onDone: () => void) {
    this.#post = post;
    this.#id = id;
    this.#onDone = onDone;
  }

  async look(deadline: Deadline): Promise<void> {
    const fate = await fateIn(this.#post, this.#id, deadline);
    this.#onDone();
    const known = this.#post.register.find(this.#id);
    if (known !== undefined) this.#post.looks.add(known, "urgent");
    else if (fate !== undefined) this.#tell(fate);
  }

  #tell(fate: Fate): void {
    const user = fate.userId === undefined ? undefined : this.#post.users.get(fate.userId);
    if (fate.kind === "moved" && user !== undefined) this.#follow(user, fate.next);
    else if (fate.kind === "moved") this.#post.tell([this.#id], "regenerated", fate.userId, []);
    else if (fate.kind === "over") this.#post.tell([this.#id], fate.reason, fate.userId, []);
  }

  /** A session of a watched user that nobody here had known of goes on. */
  #follow(user: WatchedUser, next: SessionId): void {
    const { register, looks } = this.#post;
    const session = register.enter(this.#id);
    session.userId = user.userId;
    session.belongTo(user);
    looks.add(register.move(session, next), "urgent");
  }
}

/** The fate of a session; `undefined` where something else stands there than a session of ours. */
async function fateIn(
  post: Post,
  id: SessionId,
  deadline: Deadline,
  watched?: WatchedSession,
): Promise<Fate | undefined> {
  const { keeper, name } = post.engine;
  const stored = await keeper.load(id, deadline);
  const isForeign = stored !== undefined && stored.manager !== name;
  if (isForeign && watched === undefined) return undefined;
  const ownerOf = (stone: Tombstone): string | undefined => {
    const isTheirs = watched?.userId !== undefined && isOwnedBy(watched, stone);
    return isTheirs ? watched.userId : post.ownerOf(stone)?.userId;
  };
  // As of when it was asked for: it may have been used since.
  return fateOf(stored, { manager: name, endsAt: watched?.endsAt, ownerOf }, deadline.now);
}
