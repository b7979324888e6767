import type { Duration } from "./duration.ts";
import type { EndReason } from "./record.ts";

/** Why a session ended, where that is known: nobody looks it up of a session that is not watched. */
export type EndedReason = EndReason | "expired" | "unknown";

/** What an onlooker hears. Each session is told of once, in one event. */
export type EndedEvent =
  | {
      readonly kind: "ended";
      /**
       * The public ids, 1,000 at most. A watched session that was given new tokens meanwhile is there
       * under each of its ids. Of sessions that are not watched there may be ids of other managers on
       * the same store.
       */
      readonly ids: readonly string[];
      /** Whose they were, of what is watched: what is left of a session names nobody. */
      readonly userId: string | undefined;
      readonly reason: EndedReason;
    }
  | {
      /**
       * Sessions that are not watched may have ended unheard: the connection was lost, or is there
       * again. Those that are watched are looked at, and told of by themselves.
       */
      readonly kind: "gap";
      readonly ids: readonly [];
      readonly userId: undefined;
      readonly reason: undefined;
    };

/** Called with what has ended. Its own failure is reported as a warning and harms nobody. */
export type EndedListener = (event: EndedEvent) => unknown;

/** How to listen for ended sessions. */
export interface OnEndedOptions {
  /**
   * How often each watched session is looked at where the store does not announce what ends: so late
   * at most is its end heard. Each look loads one record, so 10,000 watched sessions and `"10s"` are
   * a thousand loads a second, of each process.
   *
   * @defaultValue `"10s"`, and a warning where it is needed
   */
  readonly poll?: Duration | undefined;
  /**
   * Looks up why each announced session ended, for a log of all ends: one load for
   * each, in each process that asks for it.
   *
   * @defaultValue `false`: of sessions that are not watched there are ids alone
   */
  readonly lookUp?: boolean | undefined;
}

/** A session to watch, such as `sessions.read` or `sessions.open` gives it. */
export interface WatchedSession {
  readonly id: string;
  readonly userId?: string | undefined;
}

/** A user all of whose sessions are to be watched, also those that begin later. */
export interface WatchedUser {
  readonly id?: undefined;
  readonly userId: string;
}

/** Who listens for ended sessions, made by {@link Sessions.onEnded}. */
export interface Onlooker {
  /** Whether the store announces ends: they are heard within milliseconds. */
  readonly announced: boolean;
  /**
   * So late at most is the end of a watched session heard, in ms: `poll` where the store announces
   * nothing, and where an announcement is lost without a trace five minutes. A store that cannot
   * answer, or more sessions than it can show in that time, make it later.
   */
  readonly latestMs: number;
  /**
   * Watches a session, under whatever new tokens it is given, or a user's sessions: what of it ends
   * is heard even where its announcement was lost, and that its time was over, too.
   *
   * @param what - A session, `{ id }` or `{ userId }`. One that is not there any more is told of.
   * @param onEnded - Called for these alone, beside the listener.
   * @returns The function that stops watching.
   * @throws {@link OptionsError} for a `userId` where the store keeps no directory.
   * @example
   * const onlooker = await sessions.onEnded(() => undefined);
   * // A stream of events to a visitor ends with the session.
   * const stop = onlooker.watch(session, () => res.end());
   * res.on("close", stop);
   */
  watch(what: WatchedSession | WatchedUser, onEnded?: EndedListener): () => void;
  /** Hears no more. */
  close(): Promise<void>;
}
