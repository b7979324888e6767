import { durationMs } from "../duration.ts";
import { type Engine, startDeadline } from "../engine.ts";
import { OptionsError } from "../errors.ts";
import type {
  EndedListener,
  OnEndedOptions,
  Onlooker,
  WatchedSession as SessionToWatch,
  WatchedUser as UserToWatch,
} from "../onlooker.ts";
import { checkUserId, flag, requireKnownKeys } from "../option-checks.ts";
import type { EndListener } from "../store.ts";
import { isPassingId, parseId, type SessionId } from "../token.ts";
import type { Stop } from "./end-feed.ts";
import { hearEnds } from "./hear-ends.ts";
import { LookAtStranger, lookAtSession, lookAtUser } from "./looking.ts";
import { Looks } from "./looks.ts";
import { Post } from "./post.ts";
import { Recent } from "./recent.ts";
import { Rhythm, SAFETY_MS, stepOf } from "./rhythm.ts";
import { Telling } from "./telling.ts";
import { Register, WatchedSession, WatchedUser, type Watching } from "./watched.ts";

/** How long an end is remembered: an announcement of it may still be on its way. */
const MEMORY_MS = 600_000;
const DEFAULT_POLL = "10s";
/** So many that are to be looked up may wait; more are told of without. */
const MAX_STRANGERS = 100_000;

/** Listens for what ends, and resolves once it hears. */
export async function onlook(
  engine: Engine,
  listener: EndedListener,
  options: OnEndedOptions = {},
): Promise<Onlooker> {
  const settings = settingsOf(engine, listener, options);
  const onlooker = new StoreOnlooker(engine, listener, settings);
  await onlooker.begin();
  return onlooker;
}

interface OnlookerSettings {
  readonly everyMs: number;
  readonly lookUp: boolean;
}

function settingsOf(
  { endings, environment }: Engine,
  listener: EndedListener,
  options: OnEndedOptions,
): OnlookerSettings {
  if (typeof listener !== "function") {
    throw new OptionsError("onEnded(listener)", "it must be a function that takes the event.");
  }
  requireKnownKeys("onEnded", options, ["poll", "lookUp"]);
  const pollMs = durationMs("onEnded.poll", options.poll ?? DEFAULT_POLL);
  const lookUp = flag("onEnded.lookUp", options.lookUp) ?? false;
  if (endings.isClosed) throw closed();
  if (!endings.announces && options.poll === undefined) environment.notice(SILENT);
  return { everyMs: endings.announces ? Math.max(SAFETY_MS, pollMs) : pollMs, lookUp };
}

const SILENT =
  "This store does not announce which sessions end, so sessions.onEnded hears what other processes " +
  `end of watched sessions alone, within ${DEFAULT_POLL}. Say how late it may be: ` +
  `onEnded(listener, { poll: "${DEFAULT_POLL}" }).`;

/** Hears what the store announces, and looks at what is watched. */
class StoreOnlooker implements Onlooker {
  readonly announced: boolean;
  readonly latestMs: number;
  readonly #engine: Engine;
  readonly #lookUp: boolean;
  readonly #post: Post;
  #strangers = 0;
  #isClosed = false;
  #stop: Stop | undefined;

  constructor(engine: Engine, listener: EndedListener, { everyMs, lookUp }: OnlookerSettings) {
    this.announced = engine.endings.announces;
    this.latestMs = everyMs;
    this.#engine = engine;
    this.#lookUp = lookUp;
    this.#post = this.#postFor(listener, everyMs);
  }

  /** Resolves once it hears. */
  async begin(): Promise<void> {
    const ear: EndListener = {
      onEnded: (ids) => this.#announced(ids),
      onGap: () => this.#missed(),
    };
    try {
      this.#stop = await hearEnds(this.#engine, ear, () => this.close(), closed);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  watch(what: SessionToWatch | UserToWatch, onEnded?: EndedListener): () => void {
    if (onEnded !== undefined && typeof onEnded !== "function") {
      throw new OptionsError("watch(onEnded)", "it must be a function that takes the event.");
    }
    const watching: Watching = { onEnded, of: undefined };
    if (this.#isClosed) return () => undefined;
    if (isSession(what)) this.#watchSession(what, watching);
    else this.#watchUser(what, watching);
    return () => this.#post.stop(watching);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { looks, rhythm, telling } = this.#post;
    looks.close();
    rhythm.close();
    telling.close();
    await this.#stop?.();
  }

  #postFor(listener: EndedListener, everyMs: number): Post {
    const { environment, name } = this.#engine;
    const stepMs = stepOf(everyMs);
    const context = { name, method: undefined, path: undefined, outcome: "background" } as const;
    const looks = new Looks({
      startDeadline: () => startDeadline(this.#engine),
      report: (error) => environment.report(error, context, false),
      stepMs,
    });
    return new Post({
      engine: this.#engine,
      looks,
      rhythm: new Rhythm({ everyMs, stepMs, now: environment.now, looks }),
      telling: new Telling(listener, environment.notice),
      register: new Register((session, deadline) => lookAtSession(this.#post, session, deadline)),
      recent: new Recent(MEMORY_MS),
    });
  }

  #watchSession({ id, userId }: SessionToWatch, watching: Watching): void {
    const known = parseId(id);
    if (known === undefined) {
      // Of no session's form: there is none.
      watching.of = WatchedSession.gone(id);
      this.#post.telling.add({ ids: [id], userId, reason: "unknown", watchings: [watching] });
      return;
    }
    const session = this.#post.register.enter(known);
    session.userId ??= userId;
    this.#keep(watching, session);
  }

  #watchUser({ userId }: UserToWatch, watching: Watching): void {
    checkUserId("watch(userId)", userId);
    if (this.#engine.keeper.store.directory === undefined) {
      throw new OptionsError(
        "watch(userId)",
        "this store cannot find sessions by user. Watch the sessions themselves, or choose a " +
          "store with a directory, such as sqliteStore.",
      );
    }
    const { users } = this.#post;
    const known = users.get(userId);
    const lookAt = new WatchedUser(userId, (user, deadline) =>
      lookAtUser(this.#post, user, deadline),
    );
    const user = known ?? lookAt;
    this.#post.enter(user);
    this.#keep(watching, user);
  }

  // It may have ended since whoever watches it saw it, and before we did.
  #keep(watching: Watching, of: WatchedSession | WatchedUser): void {
    watching.of = of;
    of.watchings.add(watching);
    this.#post.looks.add(of, "routine");
  }

  #announced(ids: readonly SessionId[]): void {
    const post = this.#post;
    const strangers: SessionId[] = [];
    for (const id of ids) {
      const session = post.register.find(id);
      if (session === undefined) {
        // Who else may publish there may publish anything.
        const isSession = parseId(id) !== undefined && !isPassingId(id);
        if (isSession && !post.knows(id)) strangers.push(id);
      } else if (session.id === id) {
        post.looks.add(session, "urgent");
      }
    }
    if (strangers.length > 0) this.#meet(strangers);
  }

  #meet(strangers: readonly SessionId[]): void {
    const post = this.#post;
    const isAsked = this.#lookUp || post.users.size > 0;
    if (!isAsked || this.#strangers + strangers.length > MAX_STRANGERS) {
      post.tellOfIds(strangers);
      // Theirs may have been among them.
      for (const user of post.users.values()) post.looks.add(user, "routine");
      return;
    }
    this.#strangers += strangers.length;
    const onDone = (): void => {
      this.#strangers -= 1;
    };
    for (const id of strangers) post.looks.add(new LookAtStranger(post, id, onDone), "urgent");
  }

  #missed(): void {
    const { telling, register, users, looks } = this.#post;
    telling.gap();
    for (const session of register.sessions) {
      if (session.watchings.size > 0) looks.add(session, "routine");
    }
    for (const user of users.values()) looks.add(user, "routine");
  }
}

function closed(): OptionsError {
  return new OptionsError("sessions.onEnded", "these sessions are closed.");
}

function isSession(what: SessionToWatch | UserToWatch): what is SessionToWatch {
  if (typeof what === "object" && what !== null) {
    if (typeof what.id === "string") return true;
    if (what.id === undefined && "userId" in what) return false;
  }
  throw new OptionsError("watch", "pass a session, { id } or { userId }.");
}
