import type { Socket } from "node:net";

/** How many whole answers wait for their commit on a connection. */
const WAITING = Symbol("sojourn.waiting");
/** What was to be done to it meanwhile. */
const LATER = Symbol("sojourn.later");
const DESTROY = Symbol("sojourn.destroy");
const END = Symbol("sojourn.end");

/** A connection that can neither be destroyed nor ended while it is spared. */
interface Spared extends Pick<Socket, "destroy" | "end"> {
  [WAITING]: number;
  [LATER]: "destroy" | "end" | undefined;
  [DESTROY]: Socket["destroy"];
  [END]: Socket["end"];
}

/**
 * Keeps a connection until {@link release}. Whoever fails after an answer destroys the connection,
 * as Express does: with plain Node the answer is out by then, so it must be here as well.
 */
export function spare(socket: Socket): void {
  const spared = socket as unknown as Spared;
  // Left in place, as connections serve many requests.
  if (spared[WAITING] === undefined) {
    spared[DESTROY] = socket.destroy;
    spared[END] = socket.end;
    spared[LATER] = undefined;
    spared[WAITING] = 0;
    spared.destroy = destroyLater;
    spared.end = endLater as Socket["end"];
  }
  spared[WAITING] += 1;
}

/**
 * The answer is out: what was to be done to the connection meanwhile is done, a turn later, as by
 * Express, when the answers that stood behind this one are out as well.
 */
export function release(socket: Socket): void {
  const spared = socket as unknown as Spared;
  if (spared[WAITING] > 0) spared[WAITING] -= 1;
  const later = spared[LATER];
  if (later !== undefined) setImmediate(() => spared[later]());
}

/** Whether somebody has given the connection up. */
export function isDoomed(socket: Socket): boolean {
  return (socket as unknown as Partial<Spared>)[LATER] !== undefined;
}

/** The connection is to be cut, whatever waits on it. */
export function condemn(socket: Socket): void {
  if (isSpared(socket)) socket[WAITING] = 0;
}

function isSpared(socket: Socket): socket is Socket & Spared {
  return (socket as unknown as Partial<Spared>)[WAITING] !== undefined;
}

function destroyLater(this: Spared, error?: Error): Socket {
  if (this[WAITING] === 0) return this[DESTROY](error);
  this[LATER] = "destroy";
  return this as unknown as Socket;
}

function endLater(this: Spared, ...args: []): Socket {
  if (this[WAITING] === 0) return this[END](...args);
  this[LATER] ??= "end";
  return this as unknown as Socket;
}
