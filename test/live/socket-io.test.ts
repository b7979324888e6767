import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { type Socket as ClientSocket, io as connect } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type LiveEnd, type LiveSessions, liveSessions } from "../../src/frameworks/live/index.ts";
import { socketMiddleware } from "../../src/frameworks/socket-io.ts";
import { createSessions, memoryStore, type Sessions } from "../../src/index.ts";
import { issue } from "../../src/testing/index.ts";
import { MINUTE, SECOND, SetClock } from "../laws/support/clock.ts";
import type { Data } from "./support/application.ts";

interface ClientEvents {
  add(answer: (count: number | undefined) => void): void;
  ping(answer: () => void): void;
}
interface ServerEvents {
  hello(userId: string): void;
}

let clock: SetClock;
let sessions: Sessions<Data>;
let live: LiveSessions<Data>;
let server: HttpServer;
let io: Server<ClientEvents, ServerEvents>;
let clients: ClientSocket[];

beforeEach(async () => {
  clock = new SetClock(Date.now());
  sessions = createSessions<Data>({ store: memoryStore(), clock });
  live = liveSessions(sessions);
  server = createServer();
  io = new Server(server);
  io.use(socketMiddleware(live));
  io.on("connection", (socket) => {
    const session = live.of(socket);
    socket.emit("hello", session.userId ?? "nobody");
    socket.on("add", async (answer) => {
      const open = await session.open();
      answer(await open.update("count", (count = 0) => count + 1));
    });
    socket.on("ping", (answer) => answer());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.close();
  await io.close();
  await sessions.close();
});

function clientOf(
  cookie: string,
  transport: string,
  headers: Readonly<Record<string, string>> = {},
): ClientSocket {
  const { port } = server.address() as AddressInfo;
  const client = connect(`http://127.0.0.1:${port}`, {
    transports: [transport],
    extraHeaders: { cookie, ...headers },
    reconnectionDelay: 10,
    forceNew: true,
  });
  clients.push(client);
  return client;
}

async function cookieOf(userId?: string): Promise<{ cookie: string; id: string }> {
  const { development, id } = await issue(sessions, { userId, data: { count: 1 } });
  return { cookie: development?.cookie ?? "", id };
}

/** What the client is told of a refusal. */
async function refusal(client: ClientSocket): Promise<unknown> {
  const [error] = await once(client as never, "connect_error");
  return (error as { readonly data?: unknown }).data;
}

describe.each(["websocket", "polling"])("socket.io over %s", (transport) => {
  it("knows whose a socket is, and writes to the session", async () => {
    const { cookie } = await cookieOf("ada");
    const client = clientOf(cookie, transport);
    expect(await once(client as never, "hello")).toEqual(["ada"]);
    expect(await client.emitWithAck("add")).toBe(2);
    expect(await client.emitWithAck("add")).toBe(3);
  });

  it("refuses who has not signed in, and another origin's page", async () => {
    expect(await refusal(clientOf("", transport))).toEqual({ status: 401 });
    expect(await refusal(clientOf((await cookieOf()).cookie, transport))).toEqual({ status: 401 });
    const { cookie } = await cookieOf("ada");
    const foreign = clientOf(cookie, transport, { origin: "https://evil.example" });
    expect(await refusal(foreign)).toEqual({ status: 403 });
    expect(live.size).toBe(0);
  });

  it("tells the client why its session has ended, and disconnects it", async () => {
    const { cookie, id } = await cookieOf("ada");
    const client = clientOf(cookie, transport);
    const other = clientOf((await cookieOf("bea")).cookie, transport);
    await Promise.all([once(client as never, "hello"), once(other as never, "hello")]);
    const ended = once(client as never, "sessionEnded");
    const disconnected = once(client as never, "disconnect");
    await sessions.revoke(id);
    const [end] = (await ended) as [LiveEnd];
    expect(end).toEqual({ reason: "revoked", code: 4401 });
    expect((await disconnected)[0]).toBe("io server disconnect");
    expect(client.active).toBe(false);
    expect(other.connected).toBe(true);
    await expect.poll(() => live.size).toBe(1);
  });

  it("lets the client come back by itself with its new token", async () => {
    const { cookie } = await cookieOf("ada");
    const client = clientOf(cookie, transport);
    await once(client as never, "hello");
    const request = new Request("http://localhost", { headers: { cookie } });
    const handling = sessions.handle(
      request,
      async (request) => {
        const session = await sessions.open(request);
        await session.regenerate();
        return new Response();
      },
      { remoteAddress: "127.0.0.1" },
    );
    const ended = once(client as never, "sessionEnded");
    const [line = ""] = (await handling).headers.getSetCookie();
    client.io.opts.extraHeaders = { cookie: line.split(";", 1)[0] ?? "" };
    expect((await ended)[0]).toEqual({ reason: "regenerated", code: 4409 });
    expect(await once(client as never, "hello")).toEqual(["ada"]);
    expect(await client.emitWithAck("add")).toBe(2);
  });

  it("keeps the session alive while it is used, and not while it is merely open", async () => {
    const { cookie } = await cookieOf("ada");
    const client = clientOf(cookie, transport);
    await once(client as never, "hello");
    for (let minute = 0; minute < 60; minute += 5) {
      clock.move(5 * MINUTE);
      await client.emitWithAck("ping");
      const seen = async (): Promise<unknown> =>
        (await sessions.list({ userId: "ada" }))[0]?.lastSeenAt;
      await expect.poll(seen).toBe(clock.now());
    }
    expect(client.connected).toBe(true);
    const ended = once(client as never, "sessionEnded");
    clock.move(30 * MINUTE + SECOND);
    expect((await ended)[0]).toEqual({ reason: "expired", code: 4401 });
  });

  it("listens once to a connection, however many sockets it carries", async () => {
    const heard: Error[] = [];
    const hear = (warning: Error): void => void heard.push(warning);
    process.on("warning", hear);
    onTestFinished(() => void process.off("warning", hear));
    io.of(/^\/room-\d+$/).use(socketMiddleware(live));
    const client = clientOf((await cookieOf("ada")).cookie, transport);
    await once(client as never, "hello");
    const rooms = Array.from({ length: 20 }, (_, room) => client.io.socket(`/room-${room}`));
    await Promise.all(rooms.map((room) => once(room as never, "connect")));
    expect(live.size).toBe(21);
    for (const room of rooms.slice(0, 5)) room.disconnect();
    await expect.poll(() => live.size).toBe(16);
    client.io.reconnection(false);
    client.io.engine.close();
    await expect.poll(() => live.size).toBe(0);
    expect(heard).toEqual([]);
  });

  it("forgets a socket that another middleware has refused, or that has left", async () => {
    io.use((socket, next) => next(live.of(socket).userId === "bea" ? new Error("no") : undefined));
    const refused = clientOf((await cookieOf("bea")).cookie, transport);
    await once(refused as never, "connect_error");
    refused.close();
    await expect.poll(() => live.size).toBe(0);
    const client = clientOf((await cookieOf("ada")).cookie, transport);
    await once(client as never, "hello");
    expect(live.size).toBe(1);
    client.close();
    await expect.poll(() => live.size).toBe(0);
  });
});
