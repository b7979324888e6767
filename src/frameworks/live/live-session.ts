import type { ValueKind } from "../../core/codec.ts";
import type { EndedReason } from "../../core/onlooker.ts";
import type { Session } from "../../core/session.ts";

/** Why a live connection has to end. */
export type LiveEndReason =
  | EndedReason
  /** A protection refuses it: too unlike its sign-in, for one. */
  | "refused"
  /** It waits for its user to unlock it. */
  | "locked"
  /** Its device has to prove its key anew: a new handshake does. */
  | "unproven"
  /** Nobody could tell for `maxSilence` whether it lives. */
  | "silence"
  /** The process closes its connections. */
  | "closing";

/** How a live connection has ended, but by its own doing. */
export interface LiveEnd {
  /** `regenerated`: the session goes on, under a new token; the browser connects again with that. */
  readonly reason: LiveEndReason;
  /**
   * To close a WebSocket with: 4401 where the session is over, 4409 where the browser should connect
   * again at once, 1013 (later) after a silence, 1001 as the process closes.
   */
  readonly code: 4401 | 4409 | 1013 | 1001;
}

/** Called once, when the connection has to end. */
export type LiveEndListener = (end: LiveEnd) => unknown;

/**
 * The session of one live connection, made by {@link LiveSessions.connect}.
 *
 * It is worth what the token of the handshake is worth: what ends that, ends the connection, a new
 * token included.
 */
export interface LiveSession<D extends object, K extends ValueKind = "json"> {
  /** The public id. */
  readonly id: string;
  /** Who is signed in: the same for as long as the connection lives. */
  readonly userId: string | undefined;
  /** How it has ended; `undefined` while it lives, and where the connection was closed by itself. */
  readonly ended: LiveEnd | undefined;
  /**
   * Aborted when the session has ended or the connection is closed: for whatever writes to it. Its
   * `reason` is a {@link SessionEndedError} where the session has ended.
   *
   * @example
   * connection.signal.addEventListener("abort", () => res.end());
   */
  readonly signal: AbortSignal;
  /**
   * The session as it is in the store at this moment: to see what others have changed, and to write.
   * Stores announce ends, and no changes: whoever wants the newest opens it again.
   *
   * `update`, `consume` and `exclusive` are the same as in a request. What `set` and the like change is
   * stored at once, by itself; `await session.save()` says when, and is needed for a value that was
   * changed in place. What needs a cookie (`signIn`, `signOut`, `regenerate`, `destroy`, `persistent`) is
   * refused with {@link HeadersSentError}: `sessions.revoke(connection.id)` signs out.
   *
   * @throws {@link SessionEndedError} if the session is over, {@link StoreError} if the store cannot
   * answer.
   * @example
   * const session = await connection.open();
   * await session.update("visits", (n) => n + 1);
   */
  open(): Promise<Session<D, K>>;
  /**
   * Says that the visitor has used the connection: the idle clock moves, as often as with requests. A
   * connection that is merely open keeps no session alive. It costs nothing within half a minute, and
   * does not throw.
   */
  touch(): void;
  /**
   * Calls the listener when the connection has to end, and at once if it has. Not where it was closed
   * by itself.
   *
   * @returns The function that takes that back.
   * @example
   * connection.onEnded(({ code, reason }) => socket.close(code, reason));
   */
  onEnded(listener: LiveEndListener): () => void;
  /** The connection is over by itself: nothing is told any more. */
  close(): void;
}

const RECONNECT: readonly LiveEndReason[] = ["regenerated", "unproven"];

/** What is told of an end. */
export function endBy(reason: LiveEndReason): LiveEnd {
  return { reason, code: codeFor(reason) };
}

function codeFor(reason: LiveEndReason): LiveEnd["code"] {
  if (RECONNECT.includes(reason)) return 4409;
  if (reason === "silence") return 1013;
  return reason === "closing" ? 1001 : 4401;
}
