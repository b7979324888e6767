import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { socketMiddleware } from "../../src/frameworks/socket-io.ts";
import { createSessions, memoryStore } from "../../src/index.ts";
import { type Data, startApplication } from "./support/application.ts";
import { Visitor } from "./support/visitor.ts";

it("cuts who asks again and again for what a later middleware refuses", async () => {
  const sessions = createSessions<Data>({ store: memoryStore() });
  const application = await startApplication(sessions);
  const { live } = application;
  const ada = await Visitor.of(application.origin, "ada");
  const http = createServer();
  const server = new Server(http);
  let most = 0;
  server.use(socketMiddleware(live));
  server.use((_socket, next) => {
    most = Math.max(most, live.size);
    next(new Error("not you"));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  const url = `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`;
  const socket = new WebSocket(url, { headers: { cookie: ada.cookie } });
  const closed = once(socket, "close");
  await once(socket, "open");
  for (let count = 0; count < 300; count += 1) socket.send("40");
  await closed;
  // Also those that were being let in as it closed.
  await expect.poll(() => live.size).toBe(0);
  expect(most).toBeLessThanOrEqual(100);
  await server.close();
  await application.close();
});
