import type { Commands } from "./commands.ts";
import type { ChannelListener, Command, Subscription } from "./driver.ts";
import { isRefusal } from "./failure.ts";
import { untilAborted } from "./waiting.ts";

/** How long nothing need arrive before it is tried whether anything would be. */
export interface Rhythm {
  readonly silenceMs: number;
  /** How long the trial may take. */
  readonly patienceMs: number;
}

const RHYTHM: Rhythm = { silenceMs: 30_000, patienceMs: 5_000 };

/** No session's id; who receives it knows that the channel carries. */
const BEAT = "";

/**
 * A subscription that notices that it has gone silent. Where nothing has arrived for a while it
 * publishes something itself: that goes the way that an end would go, through whatever client and
 * whichever nodes, and the listeners of all processes share one such beat.
 */
export class Channel implements Subscription {
  readonly #commands: Commands;
  readonly #name: string;
  readonly #listener: ChannelListener;
  readonly #rhythm: Rhythm;
  #subscription: Subscription | undefined;
  #timer: NodeJS.Timeout | undefined;
  #receivedAt = 0;
  #onReceived = (): void => undefined;
  #isClosed = false;

  constructor(
    commands: Commands,
    name: string,
    listener: ChannelListener,
    rhythm: Rhythm = RHYTHM,
  ) {
    this.#commands = commands;
    this.#name = name;
    this.#listener = listener;
    this.#rhythm = rhythm;
  }

  /** Resolves when the channel is subscribed to. */
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
      onMessage: (message) => this.#receive(message),
      onGap: () => this.#listener.onGap(),
    });
    this.#subscription?.close();
    this.#subscription = fresh;
    this.#receivedAt = performance.now();
    if (this.#isClosed) fresh.close();
  }

  #receive(message: string): void {
    this.#receivedAt = performance.now();
    this.#onReceived();
    if (message !== BEAT) this.#listener.onMessage(message);
  }

  #schedule(): void {
    if (this.#isClosed) return;
    const silentMs = performance.now() - this.#receivedAt;
    const leftMs = Math.max(this.#rhythm.silenceMs - silentMs, 0);
    this.#timer = setTimeout(() => this.#check(), leftMs);
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    const isDue = performance.now() - this.#receivedAt >= this.#rhythm.silenceMs;
    if (isDue && !(await this.#carries()) && !this.#isClosed) {
      this.#listener.onGap();
      // What cannot be renewed now is tried again in time.
      await this.#renew().then(
        () => this.#listener.onGap(),
        () => undefined,
      );
      this.#receivedAt = performance.now();
    }
    this.#schedule();
  }

  async #carries(): Promise<boolean> {
    const signal = AbortSignal.timeout(this.#rhythm.patienceMs);
    const received = new Promise<void>((resolve) => {
      this.#onReceived = resolve;
    });
    const publish: Command = ["publish", this.#name, BEAT];
    try {
      await this.#commands.with("subscribe", { now: 0, signal }, (driver) =>
        driver.send(this.#name, publish, signal),
      );
      await untilAborted(received, signal);
      return true;
    } catch (error) {
      // Who may not publish cannot tell.
      return isRefusal(error) || (error instanceof Error && isRefusal(error.cause));
    }
  }
}
