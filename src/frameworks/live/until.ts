import type { IncomingMessage } from "node:http";
import type { SessionSource } from "../../core/sessions.ts";

/** What says that a connection is over: a response, a socket. */
export interface Closing {
  once(event: "close", listener: () => void): unknown;
}

/** What tells the end of a connection, where nobody says. */
export function endOf(source: SessionSource): AbortSignal | Closing | undefined {
  if (source instanceof Request) return source.signal;
  const { socket } = source as Partial<IncomingMessage>;
  return typeof socket?.once === "function" ? socket : undefined;
}

/** Returns the function that listens no more. */
export function whenOver(until: AbortSignal | Closing, close: () => void): () => void {
  if (until instanceof AbortSignal) {
    until.addEventListener("abort", close, { once: true });
    if (until.aborted) close();
    return () => until.removeEventListener("abort", close);
  }
  const leave = join(until, close);
  // It may be over already, and tells so once.
  if (isOver(until)) close();
  return leave;
}

/** Those who wait for the same end, as all sockets of one connection do, listen together. */
interface Party {
  readonly members: Set<() => void>;
  readonly end: () => void;
}

const parties = new WeakMap<Closing, Party>();

function join(closing: Closing, close: () => void): () => void {
  const { members, end } = parties.get(closing) ?? begin(closing);
  // Its own, as the same one may wait twice.
  const member = (): void => close();
  members.add(member);
  return () => {
    members.delete(member);
    if (members.size > 0 || parties.get(closing)?.members !== members) return;
    parties.delete(closing);
    const { off } = closing as { off?: (event: "close", listener: () => void) => unknown };
    off?.call(closing, "close", end);
  };
}

function begin(closing: Closing): Party {
  const members = new Set<() => void>();
  const end = (): void => {
    parties.delete(closing);
    for (const close of members) close();
  };
  const party = { members, end };
  parties.set(closing, party);
  closing.once("close", end);
  return party;
}

/** As streams tell it, and as WebSockets and the connections of socket.io do. */
function isOver(closing: Closing & Partial<Over>): boolean {
  const { destroyed, closed, readyState } = closing;
  return destroyed === true || closed === true || readyState === 3 || readyState === "closed";
}

interface Over {
  readonly destroyed: boolean;
  readonly closed: boolean;
  readonly readyState: number | string;
}
