import type { IncomingMessage } from "node:http";
import type { ValueKind } from "../core/codec.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import { type Admission, admitted, type Refusal } from "./live/admission.ts";
import type { LiveEnd } from "./live/live-session.ts";
import { hubOf, type LiveSessions } from "./live/live-sessions.ts";

export type { Admission } from "./live/admission.ts";

/** What is asked of a socket of socket.io, whatever events its server knows. */
export interface IoSocket {
  readonly request: IncomingMessage;
  readonly connected: boolean;
  readonly conn: {
    once(event: "close", listener: () => void): unknown;
    close(): unknown;
  };
  once(event: "disconnect", listener: () => void): unknown;
  onAny(listener: () => void): unknown;
  emit(...args: never): unknown;
  disconnect(close: true): unknown;
}

/** What the client's event `connect_error` is given as `error.data`. */
export interface ConnectErrorData {
  /** 401 without a session, 403 for another site's page, 503 while the store cannot answer. */
  readonly status: number;
}

/** Tells the client why, just before it is disconnected: `{ reason, code }`, a {@link LiveEnd}. */
const ENDED = "sessionEnded";

/**
 * Sessions for socket.io, over either of its transports: a middleware for `io.use`, or that of a
 * namespace. `live.of(socket)` is then the session of a socket.
 *
 * Who is refused gets `connect_error`, with {@link ConnectErrorData}. When the session ends, the client is
 * sent `sessionEnded` and disconnected; it connects again by itself where that leads to a session
 * (`regenerated`).
 *
 * @throws {@link OptionsError} for what liveSessions() has not made, and for an unknown option.
 * @example
 * const live = liveSessions(sessions);
 * const io = new Server(server);
 * io.use(socketMiddleware(live));
 * io.on("connection", (socket) => {
 *   const { userId } = live.of(socket);
 *   socket.join(`user:${userId}`);
 * });
 */
export function socketMiddleware<D extends object, K extends ValueKind = "json">(
  live: LiveSessions<D, K>,
  options: Admission = {},
): (socket: IoSocket, next: (error?: Error) => void) => void {
  const hub = hubOf(live);
  requireKnownKeys("socketMiddleware", options, ["anonymous", "crossSite"]);
  return async (socket, next) => {
    if (isOneTooMany(socket)) return void socket.conn.close();
    const found = await admitted(hub, socket.request, { ...options, until: socket.conn });
    if ("status" in found) {
      waiting.get(socket.conn)?.delete(socket);
      return next(errorOf(found));
    }
    hub.keep(socket, found);
    socket.onAny(() => found.touch());
    socket.once("disconnect", () => {
      found.close();
      waiting.get(socket.conn)?.delete(socket);
    });
    found.onEnded((end) => disconnect(socket, end));
    next();
  };
}

/** So many sockets of one connection may have asked to be let in, and wait or be refused later. */
const MOST_WAITING = 100;

const waiting = new WeakMap<object, Set<IoSocket>>();

/**
 * A socket that a later middleware refuses is told to nobody, and its connection goes on: its client
 * could have one more remembered with each packet.
 */
function isOneTooMany(socket: IoSocket): boolean {
  const others = waiting.get(socket.conn) ?? new Set();
  if (others.size >= MOST_WAITING) {
    for (const other of others) if (other.connected) others.delete(other);
  }
  waiting.set(socket.conn, others.add(socket));
  return others.size > MOST_WAITING;
}

function disconnect(socket: IoSocket, end: LiveEnd): void {
  // The application's own types of events do not know it.
  if (socket.connected) Reflect.apply(socket.emit, socket, [ENDED, end]);
  // A client comes back by itself after a lost connection, and not after it was disconnected.
  if (end.code === 4401 && socket.connected) socket.disconnect(true);
  else socket.conn.close();
}

function errorOf({ status, body }: Refusal): Error & { readonly data: ConnectErrorData } {
  return Object.assign(new Error(body.trim()), { data: { status } });
}
