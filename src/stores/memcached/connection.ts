import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { StoreCall } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import { lateAfter, lateBefore, readFailure, writeFailure } from "./failure.ts";
import type { Item, Items, NewItem } from "./items.ts";
import { placeOf } from "./places.ts";

/** One call of the contract, which may take several commands. */
export interface Errand {
  readonly operation: StoreOperation;
  readonly id: SessionId;
  readonly call: StoreCall;
}

/** Sends commands to the server that a session belongs to, and stops waiting at the deadline. */
export class Connection {
  readonly #servers: readonly Items[];
  readonly #prefix: string;
  #isClosed = false;

  constructor(servers: readonly Items[], prefix: string) {
    this.#servers = servers;
    this.#prefix = prefix;
  }

  /** @throws {@link StoreError} whenever there is no answer: reading writes nothing. */
  async read(errand: Errand): Promise<Item | undefined> {
    const { operation, call } = errand;
    try {
      const server = this.#server(errand);
      const key = this.#key(errand);
      const sentAt = performance.now();
      return await answerOf(server.read(key), call.signal, () => {
        server.onLate(key, sentAt);
        return lateAfter(operation, "failed");
      });
    } catch (error) {
      throw readFailure(operation, error);
    }
  }

  add(errand: Errand, item: NewItem): Promise<boolean> {
    return this.#write(errand, (server, key) => server.add(key, item));
  }

  replace(errand: Errand, item: NewItem, token: string): Promise<boolean> {
    return this.#write(errand, (server, key) => server.replace(key, item, token));
  }

  /** How much of the server's memory an item takes, and a little more. */
  bytesOf({ id }: Pick<Errand, "id">, text: string): number {
    return Buffer.byteLength(text) + this.#prefix.length + id.length + ITEM_OVERHEAD_BYTES;
  }

  close(): void {
    this.#isClosed = true;
  }

  async #write(
    errand: Errand,
    send: (server: Items, key: string) => Promise<boolean>,
  ): Promise<boolean> {
    const { operation, call } = errand;
    try {
      const server = this.#server(errand);
      const key = this.#key(errand);
      const sentAt = performance.now();
      return await answerOf(send(server, key), call.signal, () => {
        server.onLate(key, sentAt);
        return lateAfter(operation, "unknown");
      });
    } catch (error) {
      throw writeFailure(operation, error);
    }
  }

  #server({ operation, id, call }: Errand): Items {
    const server = this.#servers[placeOf(id, this.#servers.length)];
    if (this.#isClosed || server === undefined) {
      throw new StoreError(operation, "failed", "the Memcached store is closed");
    }
    if (call.signal.aborted) throw lateBefore(operation);
    return server;
  }

  #key({ id }: Errand): string {
    return `${this.#prefix}${id}`;
  }
}

/** What Memcached adds to an item: 48 bytes of header, 8 of cas token, more where it is in parts. */
const ITEM_OVERHEAD_BYTES = 256;

/** What is asked for, unless the deadline comes first. */
function answerOf<T>(asked: Promise<T>, signal: AbortSignal, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(late());
    signal.addEventListener("abort", onAbort, { once: true });
    const settled = asked.then(resolve, reject);
    void settled.then(() => signal.removeEventListener("abort", onAbort));
  });
}
