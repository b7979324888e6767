import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sessionMiddleware as withExpress } from "../../src/frameworks/express.ts";
import { sessionMiddleware as withHono } from "../../src/frameworks/hono.ts";
import { type LiveSessions, liveSessions } from "../../src/frameworks/live/index.ts";
import { sessionMiddleware as withNode } from "../../src/frameworks/node.ts";
import { createSessions, memoryStore, type Sessions } from "../../src/index.ts";
import { issue } from "../../src/testing/index.ts";
import type { Data } from "./support/application.ts";

let sessions: Sessions<Data>;
let live: LiveSessions<Data>;
const closing: (() => unknown)[] = [];

beforeEach(() => {
  sessions = createSessions<Data>({ store: memoryStore() });
  live = liveSessions(sessions);
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await sessions.close();
});

const STREAM = { "Content-Type": "text/event-stream" };

/** A handler of Node's: one event at once, and the end with the session's. */
async function stream(req: Parameters<RequestListener>[0], res: ServerResponse): Promise<unknown> {
  if (req.url === "/counted") {
    const session = await sessions.open(req);
    session.set("count", 1);
  }
  const session = await live.connect(req, { until: res });
  if (session?.userId === undefined) return res.writeHead(401).end();
  res.writeHead(200, STREAM);
  res.write(`data: ${session.userId}\n\n`);
  session.onEnded(({ reason }) => res.end(`event: ended\ndata: ${reason}\n\n`));
  return undefined;
}

/** The same for those who take a `Request`, by the signal. */
async function streamed(request: Request): Promise<Response> {
  if (request.url.endsWith("/counted")) {
    const session = await sessions.open(request);
    session.set("count", 1);
  }
  const session = await live.connect(request);
  if (session?.userId === undefined) return new Response(null, { status: 401 });
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode(`data: ${session.userId}\n\n`));
      session.signal.addEventListener("abort", () => {
        if (session.ended === undefined) return;
        controller.enqueue(encoder.encode(`event: ended\ndata: ${session.ended.reason}\n\n`));
        controller.close();
      });
    },
    cancel: () => session.close(),
  });
  return new Response(body, { headers: STREAM });
}

const SERVERS: Readonly<Record<string, () => RequestListener>> = {
  "Node's http": () => {
    const run = withNode(sessions);
    return (req, res) => run(req, res, () => stream(req, res));
  },
  Express: () => {
    const app = express().use(withExpress(sessions));
    app.get(["/", "/counted"], (req, res) => stream(req, res));
    return app as RequestListener;
  },
  Hono: () => {
    const app = new Hono().use(withHono(sessions));
    app.get("/", (c) => streamed(c.req.raw));
    app.get("/counted", (c) => streamed(c.req.raw));
    return getRequestListener(app.fetch);
  },
  "sessions.handle": () =>
    getRequestListener((request, { incoming }) =>
      sessions.handle(request as Request, streamed, {
        remoteAddress: Object(incoming).socket.remoteAddress,
      }),
    ),
};

/** Reads what comes, piece by piece. */
class Reader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #leave: AbortController;

  constructor(response: Response, leave: AbortController) {
    this.#reader = (response.body as ReadableStream<Uint8Array>).getReader();
    this.#leave = leave;
  }

  async next(): Promise<string> {
    const { value } = await this.#reader.read();
    return new TextDecoder().decode(value);
  }

  async rest(): Promise<string> {
    let text = "";
    for (let more = await this.next(); more !== ""; more = await this.next()) text += more;
    return text;
  }

  leave(): void {
    this.#leave.abort();
  }
}

describe.each(Object.entries(SERVERS))("an event stream over %s", (_name, listenerOf) => {
  let origin: string;
  let cookie: string;
  let id: string;

  beforeEach(async () => {
    const server = createServer(listenerOf());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const issued = await issue(sessions, { userId: "ada" });
    cookie = issued.development?.cookie ?? "";
    id = issued.id;
  });

  async function opened(path = "/"): Promise<Reader> {
    const leave = new AbortController();
    const response = await fetch(origin + path, { headers: { cookie }, signal: leave.signal });
    expect(response.status).toBe(200);
    return new Reader(response, leave);
  }

  it("begins at once, and ends with its session", async () => {
    const reader = await opened();
    expect(await reader.next()).toBe("data: ada\n\n");
    expect(live.size).toBe(1);
    await sessions.revoke(id);
    expect(await reader.rest()).toBe("event: ended\ndata: revoked\n\n");
    expect(live.size).toBe(0);
  });

  it("begins at once where its request has changed the session, too", async () => {
    const reader = await opened("/counted");
    expect(await reader.next()).toBe("data: ada\n\n");
    expect((await sessions.read(new Headers({ cookie })))?.get("count")).toBe(1);
    await sessions.revokeAll({ userId: "ada" });
    expect(await reader.rest()).toBe("event: ended\ndata: revoked\n\n");
  });

  it("is forgotten when its reader leaves", async () => {
    const reader = await opened();
    await reader.next();
    reader.leave();
    await expect.poll(() => live.size).toBe(0);
  });

  it("is nothing for visitors without a session, and for other sites' pages", async () => {
    expect((await fetch(origin)).status).toBe(401);
    const headers = { cookie, origin: "https://evil.example" };
    expect((await fetch(origin, { headers })).status).toBe(403);
    expect(live.size).toBe(0);
  });
});
