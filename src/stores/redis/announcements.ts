import type { Announcements, EndListener, StoreCall } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import { Channel, type Rhythm } from "./channel.ts";
import type { Commands } from "./commands.ts";
import type { ChannelListener, Subscription } from "./driver.ts";

/** A listener, in an entry of its own, as one may subscribe twice. */
interface Entry {
  readonly listener: EndListener;
}

/** One subscription of the process, shared by its listeners, open as long as there are any. */
export class EndAnnouncements implements Announcements {
  readonly #commands: Commands;
  readonly #channel: string;
  readonly #rhythm: Rhythm | undefined;
  readonly #entries = new Set<Entry>();
  #subscription: Promise<Subscription> | undefined;

  constructor(commands: Commands, channel: string, rhythm?: Rhythm) {
    this.#commands = commands;
    this.#channel = channel;
    this.#rhythm = rhythm;
  }

  async subscribe(listener: EndListener, call: StoreCall): Promise<() => Promise<void>> {
    const entry = { listener };
    this.#entries.add(entry);
    const stop = async (): Promise<void> => {
      if (this.#entries.delete(entry) && this.#entries.size === 0) await this.#hangUp();
    };
    try {
      await this.#commands.with("subscribe", call, () => this.#subscribed());
    } catch (error) {
      // Not waited for: it may be what did not answer.
      stop().catch(() => undefined);
      throw error;
    }
    return stop;
  }

  async #subscribed(): Promise<Subscription> {
    this.#subscription ??= this.#opened();
    const current = this.#subscription;
    try {
      return await current;
    } catch (error) {
      if (this.#subscription === current) this.#subscription = undefined;
      throw error;
    }
  }

  #opened(): Promise<Subscription> {
    const listener: ChannelListener = {
      onMessage: (message) => {
        const ids = message.split(" ") as SessionId[];
        this.#tell((listener) => listener.onEnded(ids));
      },
      onGap: () => this.#tell((listener) => listener.onGap()),
    };
    return new Channel(this.#commands, this.#channel, listener, this.#rhythm).open();
  }

  async #hangUp(): Promise<void> {
    const current = this.#subscription;
    this.#subscription = undefined;
    // If it failed, there is nothing to close.
    const subscription = await current?.catch(() => undefined);
    subscription?.close();
  }

  // In a turn of its own each: a listener's slip is not the connection's.
  #tell(message: (listener: EndListener) => void): void {
    for (const { listener } of this.#entries) queueMicrotask(() => message(listener));
  }
}
