import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../../core/waiting.ts";
import type { PgNotification, PgPoolClient } from "./clients.ts";
import { type ChannelListener, ignore, waited } from "./database.ts";
import type { PgLender } from "./pg-lender.ts";
import { sendScript } from "./pg-query.ts";
import { returned } from "./pg-queue.ts";

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 5_000;
/** A connection that a firewall has forgotten is silent for ever, unless it is asked. */
const HEARTBEAT_MS = 30_000;
const HEARTBEAT_PATIENCE_MS = 10_000;

/** Who listens to what. */
export interface SubscriptionParts {
  readonly channel: string;
  readonly listener: ChannelListener;
  readonly random: Random;
}

/** A client of a pool, kept to listen on one channel, and replaced when it is lost. */
export class PgSubscription {
  readonly #lender: PgLender;
  readonly #channel: string;
  readonly #listener: ChannelListener;
  readonly #random: Random;
  readonly #ending = new AbortController();
  #leave: () => void = ignore;

  constructor(lender: PgLender, { channel, listener, random }: SubscriptionParts) {
    this.#lender = lender;
    this.#channel = channel;
    this.#listener = listener;
    this.#random = random;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const client = await this.#lender.lend(this.#ending.signal);
    const leave = this.#attend(client);
    try {
      await sendScript(client, `LISTEN "${this.#channel}"`);
    } catch (error) {
      leave();
      throw error;
    }
    if (this.#ending.signal.aborted) leave();
    else this.#leave = leave;
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    this.#leave();
  }

  /** Listens to a client until the returned function is called, or until it is lost. */
  #attend(client: PgPoolClient): () => void {
    const onNotification = ({ channel, payload }: PgNotification): void => {
      if (channel === this.#channel) this.#listener.onMessage(payload ?? "");
    };
    let hasLeft = false;
    const leave = (): void => {
      if (hasLeft) return;
      hasLeft = true;
      clearInterval(heartbeat);
      client.removeListener("notification", onNotification);
      client.removeListener("end", lost);
      // Closed rather than given back: nobody else should get a connection that listens.
      returned(client, true);
      client.removeListener("error", lost);
    };
    const lost = (): void => {
      const wasListening = this.#leave === leave;
      leave();
      if (wasListening) this.#recover().catch(ignore);
    };
    const heartbeat = setInterval(() => {
      const patience = AbortSignal.timeout(HEARTBEAT_PATIENCE_MS);
      waited(sendScript(client, "SELECT 1"), patience).catch(lost);
    }, HEARTBEAT_MS).unref();
    client.on("notification", onNotification);
    client.on("error", lost);
    client.on("end", lost);
    return leave;
  }

  async #recover(): Promise<void> {
    const { signal } = this.#ending;
    this.#leave = ignore;
    if (signal.aborted) return;
    this.#listener.onGap();
    for (let attempts = 0; !signal.aborted; attempts += 1) {
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** attempts, MAX_PAUSE_MS);
      await pause(pauseMs * (0.5 + this.#random() / 2), undefined, { signal, ref: false });
      const isBack = await this.start().then(
        () => true,
        () => false,
      );
      if (!isBack) continue;
      if (!signal.aborted) this.#listener.onGap();
      return;
    }
  }
}
