import type { Announcements, EndListener, StoreCall } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import type { Connection } from "./connection.ts";
import { ignore, refuseAborted, waited } from "./database.ts";
import { failureOf } from "./failure.ts";

type Stop = () => Promise<void>;

/** Tells listeners what PostgreSQL notifies, over one connection for all of them. */
export class PostgresAnnouncements implements Announcements {
  readonly #connection: Connection;
  readonly #listeners = new Set<{ readonly listener: EndListener }>();
  #listening: Promise<Stop> | undefined;
  #stop: Stop | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async subscribe(listener: EndListener, { signal }: StoreCall): Promise<Stop> {
    // An entry of its own, as one listener may subscribe twice.
    const entry = { listener };
    try {
      refuseAborted(signal);
      this.#listening ??= this.#listened();
      this.#listeners.add(entry);
      await waited(this.#listening, signal);
    } catch (error) {
      await this.#leave(entry);
      throw failureOf("subscribe", error);
    }
    return () => this.#leave(entry);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#deafen();
  }

  #listened(): Promise<Stop> {
    const listening = this.#connection.listen({
      hear: (payload) => {
        if (payload === "") {
          // Somebody could not announce what has ended.
          this.#tell((listener) => listener.onGap());
          return;
        }
        // Plain texts, written by this store in whichever process.
        const ids = payload.split(" ") as SessionId[];
        this.#tell((listener) => listener.onEnded(ids));
      },
      gap: () => this.#tell((listener) => listener.onGap()),
    });
    listening.then(
      (stop) => {
        if (this.#listening === listening) this.#stop = stop;
      },
      () => {
        // The next subscriber tries again.
        if (this.#listening === listening) this.#listening = undefined;
      },
    );
    return listening;
  }

  // A listener's slip is neither the driver's nor the other listeners'.
  #tell(say: (listener: EndListener) => void): void {
    for (const { listener } of this.#listeners) queueMicrotask(() => say(listener));
  }

  async #leave(entry: { readonly listener: EndListener }): Promise<void> {
    this.#listeners.delete(entry);
    if (this.#listeners.size === 0) await this.#deafen();
  }

  async #deafen(): Promise<void> {
    const [listening, stop] = [this.#listening, this.#stop];
    this.#listening = undefined;
    this.#stop = undefined;
    if (stop !== undefined) await stop();
    // One that is not there yet is stopped as soon as it is; nobody waits for that.
    else listening?.then((late) => late()).catch(ignore);
  }
}
