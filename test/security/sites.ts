import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { beginCallback, finishCallback } from "../../src/cookies/callbacks/index.ts";
import { sessionMiddleware } from "../../src/frameworks/node.ts";
import { createSessions, memoryStore, type Sessions, type Untyped } from "../../src/index.ts";

/** A request that may have changed something, as the application saw it. */
export interface Attempt {
  readonly method: string;
  readonly path: string;
  readonly site: string | undefined;
  readonly origin: string | undefined;
  /** Whether the session's cookie came along. */
  readonly hasCookie: boolean;
  /** How it was answered; of a WebSocket, who it was opened for. */
  readonly outcome: number | string;
}

/** The application, and a page of somebody else, on a free port each. */
export interface Sites {
  readonly port: number;
  readonly foreignPort: number;
  readonly sessions: Sessions<Untyped>;
  readonly attempts: Attempt[];
  /** What the foreign page redirects to, with the status that keeps the method. */
  redirectTo: string;
  close(): Promise<void>;
}

const PAGE = `<!doctype html><title>page</title><body></body>`;

export async function openSites(options: object = {}): Promise<Sites> {
  const sessions = createSessions<Untyped>({
    store: memoryStore(),
    ...options,
  }) as Sessions<Untyped>;
  const attempts: Attempt[] = [];
  const withSessions = sessionMiddleware(sessions);
  const own = createServer((req, res) => {
    res.once("finish", () => {
      if (req.method !== "GET") attempts.push(attemptOf(req, res.statusCode));
    });
    void withSessions(req, res, () => answer(sessions, req, res));
  });
  own.on("upgrade", (req: IncomingMessage, socket: Duplex) => {
    void upgrade(sessions, req, socket, attempts);
  });
  const foreign = createServer((req, res) => {
    if (req.url?.startsWith("/redirect") === true) {
      res.writeHead(307, { Location: sites.redirectTo }).end();
    } else res.writeHead(200, { "Content-Type": "text/html" }).end(PAGE);
  });
  const sites: Sites = {
    ...{ sessions, attempts, redirectTo: "" },
    port: await listening(own),
    foreignPort: await listening(foreign),
    close: async () => {
      for (const server of [own, foreign]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
  return sites;
}

/** A dev server that passes requests on under another Host, as those of Vite and webpack do. */
export async function openDevServer(port: number): Promise<{ port: number; close(): void }> {
  const server = createServer((req, res) => {
    const headers = { ...req.headers, host: `127.0.0.1:${port}` };
    const onward = request({ port, path: req.url, method: req.method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    req.pipe(onward);
  });
  return { port: await listening(server), close: () => server.close() };
}

/** Both loopback addresses are one server's: to a browser they are two sites. */
async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function answer(
  sessions: Sessions<Untyped>,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(req.url ?? "/", "http://localhost");
  if (pathname === "/page") {
    res.setHeader("Content-Type", "text/html").end(PAGE);
    return;
  }
  if (pathname === "/saml") {
    res.end(await beginCallback(sessions, req, { purpose: "saml" }));
    return;
  }
  if (pathname === "/acs") return finish(sessions, req, res);
  const session = await sessions.open(req);
  if (pathname === "/in") await session.signIn(searchParams.get("user") ?? "ada");
  if (pathname === "/change") await session.update("n", (n) => (n ?? 0) + 1);
  res.setHeader("Content-Type", "application/json");
  res.end(JSON.stringify({ user: session.userId ?? null, n: session.get("n") ?? 0 }));
}

/** Where the other site sends the visitor back, by a form. */
async function finish(
  sessions: Sessions<Untyped>,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const state = new URLSearchParams(await text(req)).get("to");
  const finished = await finishCallback(sessions, req, state, { purpose: "saml" });
  if (finished.ok) await finished.session.signIn("ada");
  res.writeHead(finished.ok ? 303 : 403, { Location: "/who" }).end("done, or not");
}

/** RFC 6455, 4.2.2, and one text frame: who it is. */
async function upgrade(
  sessions: Sessions<Untyped>,
  req: IncomingMessage,
  socket: Duplex,
  attempts: Attempt[],
): Promise<void> {
  const user = (await sessions.read(req))?.userId ?? "nobody";
  attempts.push(attemptOf(req, user));
  const key = `${req.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.write(Buffer.concat([Buffer.from([0x81, user.length]), Buffer.from(user)]));
}

function attemptOf(req: IncomingMessage, outcome: number | string): Attempt {
  const { headers, method = "", url = "" } = req;
  const site = headers["sec-fetch-site"];
  return {
    ...{ method, path: url, outcome },
    site: typeof site === "string" ? site : undefined,
    origin: headers.origin,
    hasCookie: headers.cookie?.includes("session=") === true,
  };
}
