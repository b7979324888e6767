import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { StoreCall } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import { Confirmer } from "./confirmer.ts";
import type { ChannelListener, Command, Driver, Subscription } from "./driver.ts";
import { failureOf, isNoScript, isReadOnly, isRefusal } from "./failure.ts";
import { Line } from "./line.ts";
import type { Script } from "./scripts.ts";
import { inSteps, type Pace } from "./steps.ts";
import { untilAborted } from "./waiting.ts";

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

/** Far enough ahead that the server does not wait for us. */
const ASKED: Pace = { size: 200, atOnce: 2 };
/** How long a connection to a channel may take. */
const SUBSCRIBING_MS = 30_000;

/** What commands are sent by. */
export interface CommandsParts {
  readonly driver: Driver;
  /** How many must have a write that {@link Commands.runConfirmed} sends. */
  readonly replicas: number;
  /** A write that changes nothing, answered by a number: whether a connection is any good. */
  readonly trial: Command;
  /** Happens beside the first call, and beside a later one if it rejects. */
  readonly onFirstCall: () => Promise<void>;
}

/** Sends commands, and stops waiting for them at the call's deadline. */
export class Commands {
  readonly #line: Line;
  readonly #opened = new Set<Driver>();
  readonly #confirmer: Confirmer | undefined;
  readonly #onFirstCall: () => Promise<void>;
  #hasBegun = false;
  #isClosed = false;

  constructor({ driver, replicas, trial, onFirstCall }: CommandsParts) {
    this.#line = new Line(driver, trial);
    this.#onFirstCall = onFirstCall;
    if (replicas === 0) return;
    const open = async (signal: AbortSignal): Promise<Line> =>
      new Line(await this.#driver.duplicate(signal), trial);
    this.#confirmer = new Confirmer(replicas, open);
  }

  get #driver(): Driver {
    return this.#line.driver;
  }

  /** Whether a command may only name keys of one slot. */
  get isCluster(): boolean {
    return this.#driver.isCluster;
  }

  /** Sends a command that has its key in the first place. */
  send<T>(operation: StoreOperation, call: StoreCall, command: Command, read: Read<T>): Promise<T> {
    const [, key = ""] = command;
    return this.#guarded(operation, call, () => this.#driver.send(key, command, call.signal), read);
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
    return this.#guarded(operation, call, () => this.#evaluate(keys, sent, call.signal), read);
  }

  /**
   * Runs a script, and resolves once the replicas that the store was told to wait for have what it
   * wrote; `wrote` tells from the answer whether it wrote. Until the deadline it is tried again.
   */
  runConfirmed<T>(
    operation: StoreOperation,
    call: StoreCall,
    keys: readonly string[],
    sent: ScriptOn,
    { read, wrote }: { readonly read: Read<T>; readonly wrote: (answer: T) => boolean },
  ): Promise<T> {
    const confirmer = this.#confirmer;
    if (confirmer === undefined) return this.runOn(operation, call, keys, sent, read);
    const hasWritten = (reply: unknown): boolean => wrote(read(reply));
    const work = (): Promise<unknown> =>
      confirmer.confirm({ ...sent, keys }, call.signal, hasWritten);
    return this.#guarded(operation, call, work, read);
  }

  /** Asks about many sessions, some at a time. */
  askAbout<T>(
    operation: StoreOperation,
    call: StoreCall,
    ids: readonly SessionId[],
    { command, read }: Question<T>,
  ): Promise<readonly T[]> {
    const ask = async (id: SessionId): Promise<T> => {
      const asked = command(id);
      return read(await this.#driver.send(asked[1] ?? "", asked, call.signal), id);
    };
    const work = (): Promise<readonly T[]> =>
      inSteps(ids, ASKED, (some) => Promise.all(some.map(ask)));
    return this.#guarded(operation, call, work, itself);
  }

  /** Any other work with the driver. */
  with<T>(
    operation: StoreOperation,
    call: StoreCall,
    work: (driver: Driver) => Promise<T>,
  ): Promise<T> {
    return this.#guarded(operation, call, () => work(this.#driver), itself);
  }

  /** A call's deadline does not end it: others may wait for the same subscription. */
  async subscribe(channel: string, listener: ChannelListener): Promise<Subscription> {
    const signal = AbortSignal.timeout(SUBSCRIBING_MS);
    const own = await this.#driver.duplicate(signal);
    this.#opened.add(own);
    const close = (): void => {
      this.#opened.delete(own);
      own.close();
    };
    try {
      await untilAborted(own.subscribe(channel, listener), signal);
    } catch (error) {
      close();
      throw error;
    }
    if (this.#isClosed) close();
    return { close };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#line.close();
    this.#confirmer?.close();
    for (const own of this.#opened) own.close();
  }

  async #guarded<Reply, T>(
    operation: StoreOperation,
    call: StoreCall,
    work: () => Promise<Reply>,
    read: (reply: Reply) => T,
  ): Promise<T> {
    if (this.#isClosed) throw new StoreError(operation, "failed", "the Redis store is closed");
    if (call.signal.aborted) throw new StoreError(operation, "failed", "its time had run out");
    try {
      if (!this.#hasBegun) this.#begin();
      await this.#driver.ready(call.signal);
      return read(await untilAborted(work(), call.signal));
    } catch (error) {
      if (!isRefusal(error) || isReadOnly(error)) {
        this.#line.suspect();
        this.#confirmer?.suspect();
      }
      throw failureOf(operation, error, this.#driver.resends);
    }
  }

  #begin(): void {
    this.#hasBegun = true;
    this.#onFirstCall().catch(() => {
      this.#hasBegun = false;
    });
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
}

function itself<T>(value: T): T {
  return value;
}
