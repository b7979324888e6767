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
  until.once("close", close);
  // It may be over already, and tells so once.
  if (isOver(until)) close();
  return () => {
    const { off } = until as { off?: (event: "close", listener: () => void) => unknown };
    off?.call(until, "close", close);
  };
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
