import { Announcer } from "../../core/announcer.ts";
import type { Announcements, EndListener, StoreCall } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import type { Connection } from "./connection.ts";
import { ignore, refuseAborted, waited } from "./database.ts";
import { failureOf } from "./failure.ts";

type Stop = () => Promise<void>;

/** Tells listeners what PostgreSQL notifies, over one connection for all of them. */
export class PostgresAnnouncements implements Announcements {
  readonly #connection: Connection;
  readonly #announcer = new Announcer();
  #listening: Promise<Stop> | undefined;
  #stop: Stop | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async subscribe(listener: EndListener, { signal }: StoreCall): Promise<Stop> {
    let stop = async (): Promise<void> => {};
    const leave = async (): Promise<void> => {
      await stop();
      if (!this.#announcer.hasListeners) await this.#unlisten();
    };
    try {
      refuseAborted(signal);
      this.#listening ??= this.#listened();
      stop = this.#announcer.subscribe(listener);
      await waited(this.#listening, signal);
    } catch (error) {
      await leave();
      throw failureOf("subscribe", error);
    }
    return leave;
  }

  async close(): Promise<void> {
    this.#announcer.close();
    await this.#unlisten();
  }

  #listened(): Promise<Stop> {
    const listening = this.#connection.listen({
      onMessage: (payload) => {
        // Somebody could not announce what has ended.
        if (payload === "") this.#announcer.tellOfGap();
        // Plain texts, written by this store in whichever process.
        else this.#announcer.tell(payload.split(" ") as SessionId[]);
      },
      onGap: () => this.#announcer.tellOfGap(),
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

  async #unlisten(): Promise<void> {
    const [listening, stop] = [this.#listening, this.#stop];
    this.#listening = undefined;
    this.#stop = undefined;
    if (stop !== undefined) await stop();
    // One that is not there yet is stopped as soon as it is; nobody waits for that.
    else listening?.then((late) => late()).catch(ignore);
  }
}
