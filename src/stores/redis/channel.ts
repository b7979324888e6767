import type { Commands } from "./commands.ts";
import type { Command, Hearer, Subscription } from "./driver.ts";
import { isRefusal } from "./failure.ts";
import { untilAborted } from "./waiting.ts";

/** How long nothing need be heard before it is tried whether anything would be. */
export interface Rhythm {
  readonly silenceMs: number;
  /** How long the trial may take. */
  readonly patienceMs: number;
}

const RHYTHM: Rhythm = { silenceMs: 30_000, patienceMs: 5_000 };

/** No session's id; who hears it knows that the channel carries. */
const BEAT = "";

/**
 * A subscription that notices that it has gone silent. Where nothing was heard for a while it
 * publishes something itself: that goes the way that an end would go, through whatever client and
 * whichever nodes, and the listeners of all processes share one such beat.
 */
export class Channel implements Subscription {
  readonly #commands: Commands;
  readonly #name: string;
  readonly #hearer: Hearer;
  readonly #rhythm: Rhythm;
  #subscription: Subscription | undefined;
  #timer: NodeJS.Timeout | undefined;
  #heardAt = 0;
  #onHeard = (): void => undefined;
  #isClosed = false;

  constructor(commands: Commands, name: string, hearer: Hearer, rhythm: Rhythm = RHYTHM) {
    this.#commands = commands;
    this.#name = name;
    this.#hearer = hearer;
    this.#rhythm = rhythm;
  }

  /** Resolves when the channel is heard. */
  async open(): Promise<this> {
    await this.#renew();
    this.#schedule();
    return this;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#subscription?.close();
  }

  async #renew(): Promise<void> {
    const fresh = await this.#commands.subscribe(this.#name, {
      onMessage: (message) => this.#hear(message),
      onGap: () => this.#hearer.onGap(),
    });
    this.#subscription?.close();
    this.#subscription = fresh;
    this.#heardAt = performance.now();
    if (this.#isClosed) fresh.close();
  }

  #hear(message: string): void {
    this.#heardAt = performance.now();
    this.#onHeard();
    if (message !== BEAT) this.#hearer.onMessage(message);
  }

  #schedule(): void {
    if (this.#isClosed) return;
    const silentMs = performance.now() - this.#heardAt;
    const leftMs = Math.max(this.#rhythm.silenceMs - silentMs, 0);
    this.#timer = setTimeout(() => this.#check(), leftMs);
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    const isDue = performance.now() - this.#heardAt >= this.#rhythm.silenceMs;
    if (isDue && !(await this.#carries()) && !this.#isClosed) {
      this.#hearer.onGap();
      // What cannot be renewed now is tried again in time.
      await this.#renew().then(
        () => this.#hearer.onGap(),
        () => undefined,
      );
      this.#heardAt = performance.now();
    }
    this.#schedule();
  }

  async #carries(): Promise<boolean> {
    const signal = AbortSignal.timeout(this.#rhythm.patienceMs);
    const heard = new Promise<void>((resolve) => {
      this.#onHeard = resolve;
    });
    const beat: Command = ["publish", this.#name, BEAT];
    try {
      await this.#commands.with("subscribe", { now: 0, signal }, (driver) =>
        driver.send(this.#name, beat, signal),
      );
      await untilAborted(heard, signal);
      return true;
    } catch (error) {
      // Who may not publish cannot tell.
      return isRefusal(error) || (error instanceof Error && isRefusal(error.cause));
    }
  }
}
