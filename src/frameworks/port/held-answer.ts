import type { ServerResponse } from "node:http";
import { afterEnd, destroyed } from "./node-refusals.ts";

export type Step = () => unknown;
export type Callback = (error?: unknown) => unknown;

/**
 * An answer as a handler asked for it, while it waits for its commit: the head as it was when the
 * first byte was asked for, and each step in its order.
 */
export class HeldAnswer {
  readonly #res: ServerResponse;
  readonly #status: number;
  readonly #statusMessage: string | undefined;
  /** But for the end. */
  #steps: Step[] | undefined;
  #end: Step | undefined;
  /** As it was when the end was asked for. */
  #trailer: string | undefined;
  /** Of the steps: a handler may wait for them, and must not wait forever. */
  #callbacks: Callback[] | undefined;
  #bytes = 0;
  /** Whether a `drain` was promised by a `false`. */
  isDrainOwed = false;

  constructor(res: ServerResponse) {
    this.#res = res;
    this.#status = res.statusCode;
    this.#statusMessage = ownStatusMessage(res);
  }

  /** Whether its end was asked for as well. */
  get isWhole(): boolean {
    return this.#end !== undefined;
  }

  isOfStatus(status: unknown): boolean {
    return status === this.#status;
  }

  keep(step: Step, callback?: Callback): void {
    if (this.#end !== undefined) return;
    this.#steps ??= [];
    this.#steps.push(step);
    this.#remember(callback);
  }

  keepEnd(step: Step, callback: Callback | undefined): void {
    this.#end = step;
    this.#trailer = trailerOf(this.#res);
    this.#remember(callback);
  }

  /**
   * What is asked for after the end comes after it, and Node refuses it then. Where nobody listens
   * to the error of that, which would end the process, only the callback is told.
   */
  comeLate(step: Step, callback: Callback | undefined, isError = true): void {
    const end = this.#end;
    this.#end = () => {
      end?.();
      if (isError && this.#res.listenerCount("error") === 0) giveUp(callback, afterEnd());
      else step();
    };
    this.#remember(callback);
  }

  /**
   * Whether a producer may go on after a piece; if not, it is owed a `drain`.
   *
   * @param isSure - Whether it is sure to hear of it. If not, it is told to pause only by so much
   * that the real write will tell it again.
   */
  hasRoomFor(chunk: string | Uint8Array, isSure: boolean): boolean {
    this.#bytes += chunk.length;
    if (!isSure && this.#bytes < this.#res.writableHighWaterMark) return true;
    this.isDrainOwed = true;
    return false;
  }

  /**
   * Sends it, but for its end.
   *
   * @param writeHead - For an answer of which only the head was asked for.
   */
  send(writeHead: Step): void {
    const steps = this.#steps ?? [];
    if (steps.length === 0 && !this.isWhole) steps.push(writeHead);
    for (const step of steps) {
      // A real write that says so will say itself when to go on.
      if (this.#withHead(step) === false) this.isDrainOwed = false;
    }
  }

  sendEnd(): void {
    if (this.#end === undefined) return;
    if (this.#trailer !== undefined) setTrailer(this.#res, this.#trailer);
    this.#withHead(this.#end);
  }

  /** Calls back whoever waits for what will not be done. */
  giveUp(error: unknown): void {
    for (const callback of this.#callbacks ?? []) giveUp(callback, destroyed(error));
    this.#callbacks = undefined;
  }

  /** With the head as it was asked for, which Node renders at the first step. */
  #withHead(step: Step): unknown {
    const res = this.#res;
    if (res.headersSent) return step();
    const status = res.statusCode;
    const statusMessage = ownStatusMessage(res);
    if (status !== this.#status) res.statusCode = this.#status;
    if (statusMessage !== this.#statusMessage) res.statusMessage = this.#statusMessage ?? "";
    const result = step();
    // Loggers see what was set last, as with plain Node.
    if (status !== this.#status) res.statusCode = status;
    if (statusMessage !== this.#statusMessage) res.statusMessage = statusMessage ?? "";
    return result;
  }

  #remember(callback: Callback | undefined): void {
    if (callback === undefined) return;
    this.#callbacks ??= [];
    this.#callbacks.push(callback);
  }
}

/** HTTP/2 has none, and warns whoever reads it. */
function ownStatusMessage(res: ServerResponse): string | undefined {
  return Object.hasOwn(res, "statusMessage") ? res.statusMessage : undefined;
}

/** Node's http since its beginnings. */
interface Http1 {
  _trailer?: string;
}

function trailerOf(res: ServerResponse): string | undefined {
  return (res as Http1)._trailer;
}

/** Replaces the trailers that were added to an answer so far. */
export function setTrailer(res: ServerResponse, trailer: string): void {
  if (trailerOf(res) !== undefined) (res as Http1)._trailer = trailer;
}

/** Calls back as Node does, for what will never be done. */
export function giveUp(callback: Callback | undefined, error: Error): void {
  if (callback !== undefined) process.nextTick(callback, error);
}
