import { setTimeout as pause } from "node:timers/promises";
import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { StoreCall } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import type { Command, Driver, Hearer, Subscription } from "./driver.ts";
import { failureOf, isNoScript } from "./failure.ts";
import type { Script } from "./scripts.ts";

/** One call of a script: on one key. */
export interface ScriptCall extends ScriptOn {
  readonly key: string;
}

/** Makes of a reply what was asked for, or throws if it is something else. */
type Read<T> = (reply: unknown) => T;

/** What is asked about a session: a command that has its key in the first place. */
interface Question<T> {
  readonly command: (id: SessionId) => Command;
  readonly read: (reply: unknown, id: SessionId) => T;
}

/** A script and its arguments. */
interface ScriptOn {
  readonly script: Script;
  readonly args: readonly string[];
}

/** How long one `WAIT` lasts, before the write is sent once more. */
const WAIT_MS = 250;
const RETRY_PAUSE_MS = 20;

/** Sends commands, and stops waiting for them at the call's deadline. */
export class Commands {
  readonly #driver: Driver;
  readonly #replicas: number;
  #isClosed = false;

  /** `replicas` is how many must have a write that {@link Commands.runConfirmed} sends. */
  constructor(driver: Driver, replicas: number) {
    this.#driver = driver;
    this.#replicas = replicas;
  }

  /** Whether a command may only name keys of one slot. */
  get isCluster(): boolean {
    return this.#driver.isCluster;
  }

  /** Sends a command that has its key in the first place. */
  send<T>(operation: StoreOperation, call: StoreCall, command: Command, read: Read<T>): Promise<T> {
    const [, key = ""] = command;
    return this.#guarded(operation, call, async () =>
      read(await this.#driver.send(key, command, call.signal)),
    );
  }

  run<T>(operation: StoreOperation, call: StoreCall, sent: ScriptCall, read: Read<T>): Promise<T> {
    return this.runOn(operation, call, [sent.key], sent, read);
  }

  /** Runs a script on many keys; not in a Cluster. */
  runOn<T>(
    operation: StoreOperation,
    call: StoreCall,
    keys: readonly string[],
    sent: ScriptOn,
    read: Read<T>,
  ): Promise<T> {
    return this.#guarded(operation, call, async () =>
      read(await this.#evaluate(keys, sent, call.signal)),
    );
  }

  /**
   * Runs a script, and resolves once the replicas that the store was told to wait for have what it
   * wrote; `wrote` tells from the answer whether it wrote. Until the deadline it is tried again.
   */
  runConfirmed<T>(
    operation: StoreOperation,
    call: StoreCall,
    sent: ScriptCall,
    { read, wrote }: { readonly read: Read<T>; readonly wrote: (answer: T) => boolean },
  ): Promise<T> {
    if (this.#replicas === 0) return this.run(operation, call, sent, read);
    return this.#guarded(operation, call, async () =>
      read(await this.#confirm(sent, call.signal, (reply) => wrote(read(reply)))),
    );
  }

  /** Asks about many sessions at once. */
  askAbout<T>(
    operation: StoreOperation,
    call: StoreCall,
    ids: readonly SessionId[],
    { command, read }: Question<T>,
  ): Promise<readonly T[]> {
    return this.#guarded(operation, call, () =>
      Promise.all(
        ids.map(async (id) => {
          const asked = command(id);
          return read(await this.#driver.send(asked[1] ?? "", asked, call.signal), id);
        }),
      ),
    );
  }

  /** Any other work with the driver. */
  with<T>(
    operation: StoreOperation,
    call: StoreCall,
    work: (driver: Driver) => Promise<T>,
  ): Promise<T> {
    return this.#guarded(operation, call, () => work(this.#driver));
  }

  /** The deadline does not end it: others may wait for the same subscription. */
  async subscribe(channel: string, hearer: Hearer): Promise<Subscription> {
    const subscription = await this.#driver.subscribe(channel, hearer);
    if (this.#isClosed) subscription.close();
    return subscription;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#driver.close();
  }

  async #guarded<T>(
    operation: StoreOperation,
    call: StoreCall,
    work: () => Promise<T>,
  ): Promise<T> {
    if (this.#isClosed) throw new StoreError(operation, "failed", "the Redis store is closed");
    if (call.signal.aborted) throw new StoreError(operation, "failed", "its time had run out");
    try {
      await this.#driver.ready(call.signal);
      return await untilAborted(work(), call.signal);
    } catch (error) {
      throw failureOf(operation, error, this.#driver.resends);
    }
  }

  // A server that was restarted, or whose scripts were flushed, is given the text again.
  async #evaluate(
    keys: readonly string[],
    { script, args }: ScriptOn,
    signal: AbortSignal,
  ): Promise<unknown> {
    const [first = ""] = keys;
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.#driver.send(first, ["evalsha", script.sha, ...rest], signal);
    } catch (error) {
      if (!isNoScript(error)) throw error;
      return this.#driver.send(first, ["eval", script.text, ...rest], signal);
    }
  }

  async #confirm(
    sent: ScriptCall,
    signal: AbortSignal,
    wrote: (reply: unknown) => boolean,
  ): Promise<unknown> {
    const { script, key, args } = sent;
    const command: Command = ["eval", script.text, "1", key, ...args];
    const wait: Command = ["wait", String(this.#replicas), String(WAIT_MS)];
    let first: unknown;
    while (!signal.aborted) {
      try {
        const { reply, replicas } = await this.#driver.sendConfirmed(key, command, wait);
        if (!wrote(reply)) return first ?? reply;
        first ??= reply;
        if (replicas >= this.#replicas) return first;
      } catch {
        // It may have moved to another node, whom the application's client finds and knows then.
        const reply = await this.#again(sent, signal);
        if (!wrote(reply)) return first ?? reply;
        first ??= reply;
        await pause(RETRY_PAUSE_MS);
      }
    }
    throw new Error(`${this.#replicas} replicas have not confirmed the write until the deadline`);
  }

  // The first time may have written, so a failure of this one says nothing.
  async #again(sent: ScriptCall, signal: AbortSignal): Promise<unknown> {
    try {
      return await this.#evaluate([sent.key], sent, signal);
    } catch (cause) {
      throw new Error("the write was not confirmed", { cause });
    }
  }
}

/** The work's result, unless the signal comes first: then the answer does not matter any more. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    const late = (): void => reject(new Error("Redis has not answered until the deadline"));
    // A turn later: a client that knows that it has sent nothing says so before.
    onAbort = () => void setImmediate(late);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
