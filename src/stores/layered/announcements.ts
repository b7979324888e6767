import { Deadline, type Terms } from "../../core/deadline.ts";
import type { EpochMs } from "../../core/record.ts";
import type { Announcements, EndListener } from "../../core/store.ts";
import type { Trust } from "./trust.ts";

type Stop = () => Promise<void>;

const PATIENCE_MS = 5_000;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;

/** Origin's announcements: whoever is told of an end, and looks at once, does not find it in near. */
export function layeredAnnouncements(
  announcements: Announcements,
  trust: Trust,
  requireOpen: () => void,
): Announcements {
  return {
    async subscribe(listener, call) {
      requireOpen();
      const informed: EndListener = {
        onEnded(ids) {
          trust.ended(ids);
          listener.onEnded(ids);
        },
        onGap() {
          trust.disbelieveAll();
          listener.onGap();
        },
      };
      return announcements.subscribe(informed, call);
    },
  };
}

/**
 * Is told which sessions have ended elsewhere. It begins at the first call, which does not wait for
 * it; what fails is tried again at a later call, after a pause: nothing here needs a timer.
 */
export class EndSubscription {
  readonly #announcements: Announcements | undefined;
  readonly #trust: Trust;
  #isDue = true;
  #retryAt = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #stop: Stop | undefined;
  #isClosed = false;

  constructor(announcements: Announcements | undefined, trust: Trust) {
    this.#announcements = announcements;
    this.#trust = trust;
  }

  /** Subscribes, unless it has already. */
  begin(now: EpochMs): void {
    if (this.#announcements === undefined || !this.#isDue) return;
    if (performance.now() < this.#retryAt) return;
    this.#isDue = false;
    this.#subscribe(this.#announcements, now).catch(() => this.#failed());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#stop?.();
  }

  async #subscribe(announcements: Announcements, now: EpochMs): Promise<void> {
    const listener: EndListener = {
      onEnded: (ids) => this.#trust.ended(ids),
      onGap: () => this.#trust.disbelieveAll(),
    };
    const deadline = new Deadline(PATIENCE_MS, now);
    const subscribed = announcements.subscribe(listener, deadline);
    // One that comes too late is stopped again: the next one is on its way.
    let isLate = false;
    subscribed.then((stop) => (isLate ? stop() : undefined)).catch(ignore);
    try {
      this.#stop = await deadline.guard(() => subscribed, TERMS);
      if (this.#isClosed) await this.#stop();
    } catch (error) {
      isLate = true;
      throw error;
    }
    this.#pauseMs = FIRST_PAUSE_MS;
    // What ended before was told to nobody here.
    this.#trust.disbelieveAll();
  }

  #failed(): void {
    this.#isDue = true;
    this.#retryAt = performance.now() + this.#pauseMs;
    this.#pauseMs = Math.min(2 * this.#pauseMs, MAX_PAUSE_MS);
  }
}

const TERMS: Terms = { operation: "subscribe", outcome: "failed", asError: (error) => error };

function ignore(): void {}
