import type { Socket } from "node:net";

/** How many whole answers wait for their commit on a connection. */
const WAITING = Symbol("sojourn.waiting");
/** Whether it was to be destroyed meanwhile. */
const DOOMED = Symbol("sojourn.doomed");
const DESTROY = Symbol("sojourn.destroy");

/** A connection that cannot be destroyed while it is spared. */
interface Spared extends Pick<Socket, "destroy"> {
  [WAITING]: number;
  [DOOMED]: boolean;
  [DESTROY]: Socket["destroy"];
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
    spared[DOOMED] = false;
    spared[WAITING] = 0;
    spared.destroy = destroyLater;
  }
  spared[WAITING] += 1;
}

/**
 * The answer is out: what was to be destroyed meanwhile is destroyed, a turn later, as by Express,
 * when the answers that stood behind this one are out as well.
 */
export function release(socket: Socket): void {
  const spared = socket as unknown as Spared;
  if (spared[WAITING] > 0) spared[WAITING] -= 1;
  if (spared[DOOMED]) setImmediate(() => spared.destroy());
}

/** Whether somebody has given the connection up. */
export function isDoomed(socket: Socket): boolean {
  return (socket as unknown as Partial<Spared>)[DOOMED] === true;
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
  this[DOOMED] = true;
  return this as unknown as Socket;
}
