import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { RawData, WebSocket, WebSocketServer } from "ws";
import type { ValueKind } from "../core/codec.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import { type Admission, admitted, type Refusal } from "./live/admission.ts";
import type { Connection } from "./live/connection.ts";
import type { LiveEnd, LiveSession } from "./live/live-session.ts";
import { hubOf, type LiveSessions } from "./live/live-sessions.ts";

/** Takes a WebSocket that was let in, with the session that it belongs to. */
export type SocketHandler<D extends object, K extends ValueKind = "json"> = (
  socket: WebSocket,
  request: IncomingMessage,
  session: LiveSession<D, K>,
) => unknown;

/** Whom {@link acceptSockets} lets in. */
export interface AcceptOptions extends Admission {
  /**
   * Whether a message is the visitor's doing, and keeps the session alive: say which are those that a
   * script sends by itself. Pings and pongs of the protocol never do.
   *
   * @defaultValue every message
   */
  readonly isActivity?: ((data: RawData, isBinary: boolean) => boolean) | undefined;
}

/** How long a peer may take to answer that the socket closes. */
const CLOSING_MS = 2_000;

/**
 * WebSockets of `ws` with sessions: the listener of `upgrade` for a server with `noServer: true`.
 *
 * Who has no session is answered 401, another site's page 403, and while the store cannot answer
 * everybody 503. When the session ends, the socket is closed with {@link LiveEnd.code} and the reason, and
 * hears no more messages.
 *
 * @param handler - Called for each socket, in place of the server's event `connection`. Where it throws or
 * rejects, the failure is reported and the socket closed (1011).
 * @throws {@link OptionsError} for what liveSessions() has not made, and for an unknown option.
 * @example
 * const live = liveSessions(sessions);
 * const sockets = new WebSocketServer({ noServer: true });
 * server.on("upgrade", acceptSockets(live, sockets, (socket, _request, connection) => {
 *   socket.on("message", async () => {
 *     const session = await connection.open();
 *     socket.send(String(await session.update("visits", (n) => n + 1)));
 *   });
 * }));
 */
export function acceptSockets<D extends object, K extends ValueKind = "json">(
  live: LiveSessions<D, K>,
  server: WebSocketServer,
  handler: SocketHandler<D, K>,
  options: AcceptOptions = {},
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const hub = hubOf(live);
  requireKnownKeys("acceptSockets", options, ["anonymous", "crossSite", "isActivity"]);
  const { isActivity = () => true, ...admission } = options;
  return async (request, socket, head) => {
    const destroy = (): unknown => socket.destroy();
    socket.on("error", destroy);
    const found = await admitted(hub, request, { ...admission, until: socket });
    if ("status" in found) return refuse(socket, found);
    socket.off("error", destroy);
    server.handleUpgrade(request, socket, head, (accepted) => {
      hub.keep(accepted, found);
      follow(accepted, found, isActivity);
      // Its session has ended while the server asked whether to accept it.
      if (accepted.readyState !== accepted.OPEN) return;
      const session: unknown = found;
      const fail = (error: unknown): void => {
        // RFC 6455, 7.4.1: internal error.
        accepted.close(1011);
        hub.report(error, request, "cut");
      };
      settled(() => handler(accepted, request, session as LiveSession<D, K>), fail);
    });
  };
}

/** A handler's slip costs its own socket, and not the process. */
function settled(act: () => unknown, fail: (error: unknown) => void): void {
  try {
    const result = act();
    if (result instanceof Promise) result.catch(fail);
  } catch (error) {
    fail(error);
  }
}

function follow(
  socket: WebSocket,
  session: Connection,
  isActivity: (data: RawData, isBinary: boolean) => boolean,
): void {
  // What its peer does wrong closes it, and is no failure of ours.
  socket.on("error", () => undefined);
  socket.on("message", (data, isBinary) => {
    if (isActivity(data, isBinary)) session.touch();
  });
  socket.once("close", () => session.close());
  session.onEnded((end) => close(socket, end));
}

function close(socket: WebSocket, { code, reason }: LiveEnd): void {
  deafen(socket);
  socket.close(code, reason);
  const timer = setTimeout(() => socket.terminate(), CLOSING_MS);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
}

/**
 * Until its peer has answered, it would go on to hear messages. Not by taking its listeners away: a
 * handler that still waits for something may begin to listen only now.
 */
function deafen(socket: WebSocket): void {
  const { emit } = socket;
  const emitOthers = (...args: Parameters<typeof emit>): boolean =>
    args[0] !== "message" && Reflect.apply(emit, socket, args);
  socket.emit = emitOthers;
}

/** Answers a handshake as an HTTP request, and hangs up. */
function refuse(socket: Duplex, { status, body, headers }: Refusal): void {
  const all = {
    ...headers,
    Connection: "close",
    "Cache-Control": "no-store",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`);
}
