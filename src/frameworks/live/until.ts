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
  const { destroyed, closed: isClosed } = until as { destroyed?: boolean; closed?: boolean };
  if (destroyed === true || isClosed === true) close();
  return () => {
    const { off } = until as { off?: (event: "close", listener: () => void) => unknown };
    off?.call(until, "close", close);
  };
}
