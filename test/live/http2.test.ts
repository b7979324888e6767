import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type LiveSessions, liveSessions } from "../../src/frameworks/live/index.ts";
import { createSessions, memoryStore, type Sessions } from "../../src/index.ts";
import { issue } from "../../src/testing/index.ts";
import type { Data } from "./support/application.ts";

/** A WebSocket over one stream of HTTP/2 (RFC 8441); what goes over it is not this test's. */
const server = createServer({ settings: { enableConnectProtocol: true } }, (_, res) => res.end());
let sessions: Sessions<Data>;
let live: LiveSessions<Data>;
let client: ClientHttp2Session;

server.on("connect", async (req: Http2ServerRequest, res: Http2ServerResponse) => {
  const { stream } = res;
  const found = await live.connect(req, { until: stream }).catch(({ status }) => status as number);
  if (typeof found !== "object") {
    stream.respond({ ":status": found ?? 401 }, { endStream: true });
    return;
  }
  stream.respond({ ":status": 200 });
  stream.write(`${found.userId}`);
  found.onEnded(({ reason }) => stream.end(` ${reason}`));
});

beforeEach(async () => {
  sessions = createSessions<Data>({ store: memoryStore() });
  live = liveSessions(sessions);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  client = connect(`http://localhost:${(server.address() as AddressInfo).port}`);
  await once(client, "remoteSettings");
});
afterEach(async () => {
  client.close();
  server.close();
  await sessions.close();
});

function opened(headers: OutgoingHttpHeaders): ClientHttp2Stream {
  const handshake = { ":method": "CONNECT", ":protocol": "websocket", ":path": "/socket" };
  return client.request({ ...handshake, ...headers });
}

async function statusOf(stream: ClientHttp2Stream): Promise<number | undefined> {
  const [headers] = await once(stream, "response");
  return (headers as Record<string, number>)[":status"];
}

async function cookieOf(userId: string): Promise<string> {
  const { development } = await issue(sessions, { userId });
  return development?.cookie ?? "";
}

it("opens the session of a WebSocket over HTTP/2, and ends with it", async () => {
  const stream = opened({ cookie: await cookieOf("ada") });
  const other = opened({ cookie: await cookieOf("bea") });
  expect(await Promise.all([statusOf(stream), statusOf(other)])).toEqual([200, 200]);
  let said = "";
  stream.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  expect(await sessions.revokeAll({ userId: "ada" })).toBe(1);
  await once(stream, "end");
  expect(said).toBe("ada revoked");
  expect(live.size).toBe(1);
  // Its stream is over, and not the connection.
  other.close();
  await expect.poll(() => live.size).toBe(0);
  expect(client.destroyed).toBe(false);
});

it("refuses who has no session, and another origin's page", async () => {
  expect(await statusOf(opened({}))).toBe(401);
  const cookie = await cookieOf("ada");
  expect(await statusOf(opened({ cookie, origin: "https://evil.example" }))).toBe(403);
  expect(live.size).toBe(0);
});
