import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ServerOptions, WebSocketServer } from "ws";
import type { LiveSession } from "../../src/frameworks/live/index.ts";
import { acceptSockets, type SocketHandler } from "../../src/frameworks/ws.ts";
import { createSessions, memoryStore, type Sessions } from "../../src/index.ts";
import { type Application, type Data, startApplication } from "./support/application.ts";
import { type Line, Visitor } from "./support/visitor.ts";

let sessions: Sessions<Data>;
let application: Application;
let ada: Visitor;
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  sessions = createSessions<Data>({ store: memoryStore() });
  application = await startApplication(sessions);
  ada = await Visitor.of(application.origin, "ada");
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await application.close();
});

/** A socket of Ada's to a server with a handler of its own. */
async function connectTo(
  handler: SocketHandler<Data>,
  options: Pick<ServerOptions, "verifyClient"> = {},
): Promise<Line> {
  const server = new WebSocketServer({ noServer: true, ...options });
  const http = createServer().on("upgrade", acceptSockets(application.live, server, handler));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  closing.push(() => http.close());
  const { port } = http.address() as AddressInfo;
  return ada.at(`http://127.0.0.1:${port}`).connect();
}

/** Ends the session, and resolves when its sockets have been told so. */
async function endAll(): Promise<void> {
  await sessions.revokeAll({ userId: "ada" });
  await expect.poll(() => application.live.size).toBe(0);
}

it("gives no message to a handler that begins to listen after the end [law: nothing outruns an ending]", async () => {
  const heard: string[] = [];
  const ready = Promise.withResolvers<void>();
  const line = await connectTo(async (socket) => {
    await ready.promise;
    socket.on("message", (data) => heard.push(String(data)));
    socket.addEventListener("message", ({ data }) => heard.push(String(data)));
  });
  // Its peer does not answer yet that it closes.
  line.socket.pause();
  await endAll();
  ready.resolve();
  await ready.promise;
  line.socket.send("after the end");
  line.socket.resume();
  await line.closed;
  expect(heard).toEqual([]);
});

it("hands over no socket whose session ended while the server asked whether to accept it", async () => {
  const handed: LiveSession<Data>[] = [];
  const line = await connectTo((_socket, _request, session) => handed.push(session), {
    verifyClient: (_info: object, accept: (isIn: boolean) => void) => {
      void endAll().then(() => accept(true));
    },
  });
  expect((await line.closed).code).toBe(4401);
  expect(handed).toEqual([]);
});
