import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import {
  type LiveSession,
  type LiveSessions,
  liveSessions,
} from "../../../src/frameworks/live/index.ts";
import { sessionMiddleware } from "../../../src/frameworks/node.ts";
import { type AcceptOptions, acceptSockets } from "../../../src/frameworks/ws.ts";
import type { Session, Sessions } from "../../../src/index.ts";

/** What the sessions hold. */
export interface Data {
  count?: number;
  note?: string;
}

/** What a visitor asks for, by a request or over a socket. */
type Wish = "add" | "read" | "signIn" | "signOut" | "regenerate" | "destroy" | "set";

export interface Application {
  readonly origin: string;
  readonly live: LiveSessions<Data>;
  /** What the sockets have sent. */
  readonly heard: string[];
  close(): Promise<void>;
}

/** How an application is made. */
export interface ApplicationOptions {
  readonly live?: Parameters<typeof liveSessions>[1];
  readonly accept?: AcceptOptions;
}

/** A server whose visitors do by sockets what they do by requests. */
export async function startApplication(
  sessions: Sessions<Data>,
  options: ApplicationOptions = {},
): Promise<Application> {
  const live = liveSessions(sessions, options.live);
  const withSessions = sessionMiddleware(sessions);
  const server = createServer((req, res) =>
    withSessions(req, res, async () => {
      const text = await answer(req, sessions);
      res.end(text);
    }),
  );
  const heard: string[] = [];
  const sockets = new WebSocketServer({ noServer: true });
  const accept = acceptSockets<Data>(
    live,
    sockets,
    (socket, _request, session) => {
      socket.on("message", async (data) => {
        heard.push(String(data));
        socket.send(await spoken(String(data) as Wish, session));
      });
    },
    options.accept,
  );
  server.on("upgrade", accept);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    live,
    heard,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
      await sessions.close();
    },
  };
}

async function answer(req: IncomingMessage, sessions: Sessions<Data>): Promise<string> {
  const [, wish = "", user = ""] = (req.url ?? "/").split("/");
  if (wish === "revokeAll") return String(await sessions.revokeAll({ userId: user }));
  if (wish === "revoke") return String(await sessions.revoke(user));
  return done(wish as Wish, await sessions.open(req), user);
}

/** What is said over a socket: the answer, or the error's code. */
async function spoken(wish: Wish, session: LiveSession<Data>): Promise<string> {
  try {
    return await done(wish, await session.open(), session.userId ?? "ada");
  } catch (error) {
    return String((error as { readonly code?: string }).code ?? error);
  }
}

async function done(wish: Wish, session: Session<Data>, user: string): Promise<string> {
  switch (wish) {
    case "add":
      return String(await session.update("count", (count = 0) => count + 1));
    case "set":
      session.set("note", "said");
      return "set";
    case "signIn":
      await session.signIn(user);
      return session.id;
    case "signOut":
    case "regenerate":
    case "destroy":
      await session[wish]();
      return session.id;
    case "read":
      return JSON.stringify({ ...Object.fromEntries(session.entries()), userId: session.userId });
    default:
      return wish satisfies never;
  }
}
