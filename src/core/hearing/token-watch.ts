import type { Deadline } from "../deadline.ts";
import { type Engine, startDeadline } from "../engine.ts";
import type { EndedReason } from "../onlooker.ts";
import type { EpochMs, SessionRecord } from "../record.ts";
import type { SessionId } from "../token.ts";
import type { Stop } from "./end-feed.ts";
import { fateOf } from "./fate.ts";
import { hearEnds } from "./hear-ends.ts";
import { type Look, Looks } from "./looks.ts";
import { Rhythm, stepOf } from "./rhythm.ts";

/** Who goes on as long as a session does, under the token that it was met with. */
export interface TokenWatcher {
  /** It was looked at, and is live by its record and its clocks. */
  livesOn(record: SessionRecord, deadline: Deadline): Promise<void>;
  /** It has ended, or goes on under another token: `regenerated`. Nothing is told afterwards. */
  isOver(reason: EndedReason): void;
  /** It may have ended unheard: an announcement may be lost, or the store does not answer. */
  mayBeOver(): void;
}

/** How a {@link TokenWatch} watches. */
export interface TokenWatchSettings {
  /** How often each session is looked at of which nothing is heard. */
  readonly everyMs: number;
  /** Called when the manager is closed. */
  readonly onClose: () => Promise<void>;
  /** Makes the error for a manager that is closed already. */
  readonly closed: () => Error;
}

/**
 * Watches sessions that are worth as much as the token they were met with: a new token ends them, for
 * whoever has no more than the old one. One subscription, and one entry for each session.
 */
export class TokenWatch {
  readonly #engine: Engine;
  readonly #settings: TokenWatchSettings;
  readonly #looks: Looks;
  readonly #rhythm: Rhythm;
  readonly #watched = new Map<SessionId, WatchedToken>();
  #stop: Stop | undefined;

  constructor(engine: Engine, settings: TokenWatchSettings) {
    const { environment, name } = engine;
    const { everyMs } = settings;
    const stepMs = stepOf(everyMs);
    const context = { name, method: undefined, path: undefined, outcome: "background" } as const;
    this.#engine = engine;
    this.#settings = settings;
    this.#looks = new Looks({
      startDeadline: () => startDeadline(engine),
      report: (error) => environment.report(error, context, false),
      stepMs,
    });
    this.#rhythm = new Rhythm({ everyMs, stepMs, now: environment.now, looks: this.#looks });
  }

  /** Resolves once it hears. @throws {@link StoreError} if the store cannot be listened to. */
  async begin(): Promise<void> {
    const { onClose, closed } = this.#settings;
    const ear = {
      onEnded: (ids: readonly SessionId[]) => {
        for (const id of ids) this.lookAt(id);
      },
      onGap: () => this.#missed(),
    };
    try {
      this.#stop = await hearEnds(this.#engine, ear, onClose, closed);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Looks at it once, as it may have ended since it was met. Returns the function that stops. */
  watch(id: SessionId, watcher: TokenWatcher): () => void {
    const known = this.#watched.get(id);
    const watched = known ?? new WatchedToken(id, (...parts) => this.#look(...parts));
    this.#watched.set(id, watched);
    watched.watchers.add(watcher);
    this.#looks.add(watched, "routine");
    return () => {
      watched.watchers.delete(watcher);
      if (watched.watchers.size === 0) this.#drop(watched);
    };
  }

  /** Looks at it now, where anybody watches it. */
  lookAt(id: SessionId): void {
    const watched = this.#watched.get(id);
    if (watched !== undefined) this.#looks.add(watched, "urgent");
  }

  async close(): Promise<void> {
    this.#looks.close();
    this.#rhythm.close();
    this.#watched.clear();
    await this.#stop?.();
  }

  #missed(): void {
    for (const watched of this.#watched.values()) {
      for (const watcher of watched.watchers) watcher.mayBeOver();
      this.#looks.add(watched, "routine");
    }
  }

  async #look(watched: WatchedToken, deadline: Deadline): Promise<void> {
    try {
      await this.#lookAt(watched, deadline);
    } catch (error) {
      for (const watcher of watched.watchers) watcher.mayBeOver();
      throw error;
    }
  }

  async #lookAt(watched: WatchedToken, deadline: Deadline): Promise<void> {
    const { keeper, name: manager, environment } = this.#engine;
    const stored = await keeper.load(watched.id, deadline);
    const known = { manager, endsAt: watched.endsAt, ownerOf: () => undefined };
    const fate = fateOf(stored, known, environment.now());
    if (fate.kind === "live" && stored?.kind === "live") {
      await this.#livesOn(watched, stored, fate.endsAt, deadline);
    } else {
      this.#over(watched, fate.kind === "over" ? fate.reason : "regenerated");
    }
  }

  async #livesOn(
    watched: WatchedToken,
    record: SessionRecord,
    endsAt: EpochMs,
    deadline: Deadline,
  ): Promise<void> {
    watched.endsAt = endsAt;
    for (const watcher of [...watched.watchers]) await watcher.livesOn(record, deadline);
    if (watched.watchers.size === 0) return;
    this.#rhythm.endsAt(watched, endsAt);
    this.#rhythm.poll(watched);
  }

  #over(watched: WatchedToken, reason: EndedReason): void {
    const watchers = [...watched.watchers];
    this.#drop(watched);
    for (const watcher of watchers) watcher.isOver(reason);
  }

  #drop(watched: WatchedToken): void {
    watched.watchers.clear();
    // Somebody else may watch it anew.
    if (this.#watched.get(watched.id) === watched) this.#watched.delete(watched.id);
    this.#rhythm.delete(watched);
    this.#looks.delete(watched);
  }
}

/** One session, and who watches it. */
class WatchedToken implements Look {
  readonly id: SessionId;
  readonly watchers: Set<TokenWatcher> = new Set();
  /** When it ends if nobody uses it. */
  endsAt: EpochMs | undefined;
  readonly #look: (watched: WatchedToken, deadline: Deadline) => Promise<void>;

  constructor(id: SessionId, look: (watched: WatchedToken, deadline: Deadline) => Promise<void>) {
    this.id = id;
    this.#look = look;
  }

  look(deadline: Deadline): Promise<void> {
    return this.#look(this, deadline);
  }
}
