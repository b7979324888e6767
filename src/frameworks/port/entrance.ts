import type { ServerResponse } from "node:http";

export type Method = (...args: unknown[]) => unknown;

/** What begins a response, or ends it: each with what it was called with. */
export interface Front {
  writeHead(args: unknown[]): unknown;
  write(args: unknown[]): unknown;
  end(args: unknown[]): unknown;
  flushHeaders(args: unknown[]): unknown;
}

type Name = keyof Front;

const ENTRANCE = Symbol("sojourn.entrance");

/** A response whose methods lead through its entrance. */
type Entered = Record<Name, Method> & { [ENTRANCE]: Entrance };

/**
 * Where a response is held from the moment that its session is opened, and passes until then.
 *
 * It is there before the handlers are: of `res.end(await page(req))` JavaScript reads `res.end` first,
 * and only then runs what opens the session (docs/decisions/0113). Whoever puts himself before the
 * response later stands before it, and before what is held.
 */
export class Entrance implements Front {
  readonly #res: ServerResponse;
  // As they were before ours.
  readonly #writeHead: Method;
  readonly #write: Method;
  readonly #end: Method;
  readonly #flushHeaders: Method;
  readonly #on: unknown;
  /** Who takes what is asked of the response. */
  front: Front;

  constructor(res: ServerResponse) {
    const methods = res as unknown as Record<Name, Method>;
    this.#res = res;
    this.#writeHead = methods.writeHead;
    this.#write = methods.write;
    this.#end = methods.end;
    this.#flushHeaders = methods.flushHeaders;
    this.#on = res.on;
    this.front = this;
  }

  writeHead(args: unknown[]): unknown {
    return Reflect.apply(this.#writeHead, this.#res, args);
  }

  write(args: unknown[]): unknown {
    return Reflect.apply(this.#write, this.#res, args);
  }

  end(args: unknown[]): unknown {
    return Reflect.apply(this.#end, this.#res, args);
  }

  flushHeaders(args: unknown[]): unknown {
    return Reflect.apply(this.#flushHeaders, this.#res, args);
  }

  /** Puts a front before the others, and gives the one that was the first. */
  take(front: Front): Front {
    const former = this.front;
    this.front = front;
    return former;
  }

  /** Whether somebody who came before us has replaced `on`. */
  hasOtherOn(res: ServerResponse): boolean {
    return this.#on !== Object.getPrototypeOf(res).on;
  }
}

/** The entrance of a response; made where there is none yet. */
export function entranceOf(res: ServerResponse): Entrance {
  const entered = res as unknown as Entered;
  if (entered[ENTRANCE] !== undefined) return entered[ENTRANCE];
  const entrance = new Entrance(res);
  entered[ENTRANCE] = entrance;
  leadThrough(res);
  return entrance;
}

/** Puts the entrance before whoever has put himself before it. */
export function leadThrough(res: ServerResponse): void {
  const entered = res as unknown as Entered;
  entered.writeHead = writeHead;
  entered.write = write;
  entered.end = end;
  entered.flushHeaders = flushHeaders;
}

/** Whether somebody has put himself before the entrance. */
export function isCovered(res: ServerResponse): boolean {
  return (res as unknown as Entered).write !== write;
}

// The same for all responses: a request that opens no session is to cost next to nothing.

function writeHead(this: Entered, ...args: unknown[]): unknown {
  return this[ENTRANCE].front.writeHead(args);
}

function write(this: Entered, ...args: unknown[]): unknown {
  return this[ENTRANCE].front.write(args);
}

function end(this: Entered, ...args: unknown[]): unknown {
  return this[ENTRANCE].front.end(args);
}

function flushHeaders(this: Entered, ...args: unknown[]): unknown {
  return this[ENTRANCE].front.flushHeaders(args);
}
