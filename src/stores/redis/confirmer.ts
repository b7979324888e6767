import { setTimeout as pause } from "node:timers/promises";
import { type Command, type Driver, Unsent } from "./driver.ts";
import { isNoScript, isRefusal } from "./failure.ts";
import type { Line } from "./line.ts";
import { numberIn } from "./replies.ts";
import type { Script } from "./scripts.ts";

/** How long one `WAIT` lasts, before the writes are sent once more. */
const WAIT_MS = 250;
const RETRY_PAUSE_MS = 20;
const OPENING_MS = 5_000;
/** Writes that one `WAIT` follows: a few milliseconds of the server's time. */
const GROUP = 500;

/** A script that writes, and may run again under the same arguments. */
export interface ConfirmedCall {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

interface Write extends ConfirmedCall {
  readonly signal: AbortSignal;
  readonly wrote: (reply: unknown) => boolean;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** What the server said the first time: later it only finds its own doing. */
  first?: unknown;
  isPerhapsWritten?: boolean;
  /** The server has not heard of the script. */
  isNew?: boolean;
}

/**
 * Waits until replicas have what was written, on a connection of its own, as the server answers
 * nothing else on it meanwhile. One `WAIT` is for all writes that came while the one before was out.
 */
export class Confirmer {
  readonly #replicas: number;
  readonly #open: (signal: AbortSignal) => Promise<Line>;
  /** By the connection, and the part of it that leads to one master. */
  readonly #lanes = new WeakMap<Driver, Map<unknown, Write[]>>();
  #line: Promise<Line> | undefined;
  #isClosed = false;

  constructor(replicas: number, open: (signal: AbortSignal) => Promise<Line>) {
    this.#replicas = replicas;
    this.#open = open;
  }

  /**
   * Resolves to the first reply, once so many replicas have what it wrote; `wrote` tells from a
   * reply whether it wrote. Tries until the signal.
   */
  async confirm(
    call: ConfirmedCall,
    signal: AbortSignal,
    wrote: (reply: unknown) => boolean,
  ): Promise<unknown> {
    const line = await this.#opened();
    return new Promise((resolve, reject) => {
      this.#join(line, { ...call, signal, wrote, resolve, reject });
    });
  }

  suspect(): void {
    this.#line?.then((line) => line.suspect()).catch(() => undefined);
  }

  close(): void {
    this.#isClosed = true;
    this.#line?.then((line) => line.close()).catch(() => undefined);
  }

  #opened(): Promise<Line> {
    this.#line ??= this.#open(AbortSignal.timeout(OPENING_MS)).then(
      (line) => {
        if (this.#isClosed) line.close();
        return line;
      },
      (cause: unknown) => {
        this.#line = undefined;
        throw new Unsent("there is no connection to wait for replicas on", { cause });
      },
    );
    return this.#line;
  }

  #join(line: Line, write: Write): void {
    const { driver } = line;
    const lanes = this.#lanes.get(driver) ?? new Map<unknown, Write[]>();
    this.#lanes.set(driver, lanes);
    const lane = driver.laneOf(write.keys[0] ?? "");
    const waiting = lanes.get(lane);
    if (waiting !== undefined) {
      waiting.push(write);
      return;
    }
    const begun = [write];
    lanes.set(lane, begun);
    // A turn later: who signs out in the same turn shares the first WAIT.
    setImmediate(async () => {
      while (begun.length > 0) await this.#send(line, driver, begun.splice(0, GROUP));
      lanes.delete(lane);
    });
  }

  async #send(line: Line, driver: Driver, group: readonly Write[]): Promise<void> {
    const writes = group.filter(({ signal }) => !signal.aborted);
    const [first] = writes;
    if (first === undefined) return;
    const wait: Command = ["wait", String(this.#replicas), String(WAIT_MS)];
    const commands = [...writes.map(commandOf), wait];
    const replies = await driver
      .sendTogether(first.keys[0] ?? "", commands)
      .catch((error: unknown) => commands.map(() => error));
    const waited = replies[writes.length];
    for (const [place, write] of writes.entries()) {
      try {
        this.#settle(line, write, replies[place], waited);
      } catch (error) {
        write.reject(error);
      }
    }
  }

  #settle(line: Line, write: Write, reply: unknown, waited: unknown): void {
    if (reply instanceof Error) {
      this.#recover(line, write, reply);
      return;
    }
    if (!write.wrote(reply)) {
      write.resolve(write.first ?? reply);
      return;
    }
    write.first ??= reply;
    write.isPerhapsWritten = true;
    if (isRefusal(waited)) write.reject(unconfirmed(waited));
    else if (!(waited instanceof Error) && numberIn(waited) >= this.#replicas) {
      write.resolve(write.first);
    } else this.#join(line, write);
  }

  #recover(line: Line, write: Write, error: Error): void {
    if (isNoScript(error)) {
      write.isNew = true;
      this.#join(line, write);
      return;
    }
    write.isPerhapsWritten ||= !isRefusal(error);
    this.#sendAlone(line, write).catch((failure: unknown) => {
      if (isRefusal(failure) && write.isPerhapsWritten !== true) write.reject(failure);
      else this.#again(line, write);
    });
  }

  // It may have moved to another node, whom the client finds if it is sent alone.
  async #sendAlone(line: Line, write: Write): Promise<void> {
    const command = commandOf({ ...write, isNew: true });
    const reply = await line.driver.send(write.keys[0] ?? "", command, write.signal);
    if (write.wrote(reply)) {
      write.first ??= reply;
      write.isPerhapsWritten = true;
      this.#again(line, write);
    } else write.resolve(write.first ?? reply);
  }

  // Nobody waits any more once the signal has come.
  #again(line: Line, write: Write): void {
    if (write.signal.aborted || this.#isClosed) return;
    void pause(RETRY_PAUSE_MS, undefined, { ref: false }).then(() => this.#join(line, write));
  }
}

function commandOf({ script, keys, args, isNew }: Write): Command {
  const rest = [String(keys.length), ...keys, ...args];
  return isNew === true ? ["eval", script.text, ...rest] : ["evalsha", script.sha, ...rest];
}

function unconfirmed(cause: unknown): Error {
  return new Error("the server refuses to wait for replicas", { cause });
}
