import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sessionMiddleware } from "../../src/frameworks/node.ts";
import { type Conversation, converse, request } from "./beside/raw-client.ts";
import { listen } from "./support/server.ts";
import { closeAll, onClose, shop } from "./support/shop.ts";

interface Served extends ReturnType<typeof shop> {
  readonly port: number;
  /** What `onError` was told of what became of the requests. */
  readonly outcomes: readonly string[];
  say(...texts: string[]): Promise<Conversation>;
}

type Handle = (res: ServerResponse, req: IncomingMessage) => unknown;

/** A server whose every page changes something and waits for its commit. */
async function serve(handle: Handle): Promise<Served> {
  const outcomes: string[] = [];
  const manager = shop({ onError: (_error, { outcome }) => void outcomes.push(outcome) });
  const withSessions = sessionMiddleware(manager.sessions);
  const server = createServer((req, res) => {
    void withSessions(req, res, async () => {
      if (req.url === "/next") return res.end("next");
      (await manager.sessions.open(req)).set("name", "Ada");
      return handle(res, req);
    });
  });
  const { close } = await listen(server);
  onClose(() => close?.());
  const { port } = server.address() as AddressInfo;
  return { ...manager, port, outcomes, say: (...texts) => converse(port, texts) };
}

const PROXIED = { "X-Forwarded-Proto": "https" };
const FIRST = request("GET / HTTP/1.1", PROXIED);
const NEXT = request("GET /next HTTP/1.1", { ...PROXIED, Connection: "close" });

beforeEach(() => void vi.spyOn(console, "error").mockReset().mockReturnValue());
afterEach(closeAll);

describe("whoever gives a connection up after the answer", () => {
  const WAYS: Readonly<Record<string, Handle>> = {
    "destroys the response": (res) => res.destroy(),
    "destroys the connection": (_res, req) => req.socket.destroy(),
    "ends the connection": (_res, req) => req.socket.end(),
  };

  it.each(Object.keys(WAYS))("takes nothing of it back: %s", async (way) => {
    const { say } = await serve((res, req) => {
      res.end("whole");
      WAYS[way]?.(res, req);
    });
    const { replies, end } = await say(FIRST);
    expect(replies.map(({ statusLine, body }) => [statusLine, body])).toEqual([
      ["HTTP/1.1 200 OK", "whole"],
    ]);
    expect(end).toBe("closed");
  });

  it.each(Object.keys(WAYS))(
    "leaves nobody with the answer to another request, as the commit fails: %s",
    async (way) => {
      const { say, store } = await serve((res, req) => {
        res.end("whole");
        WAYS[way]?.(res, req);
      });
      store.failWrites();
      const { replies, end } = await say(FIRST, NEXT);
      expect(replies[0]?.statusLine).toBe("HTTP/1.1 503 Service Unavailable");
      expect(end).toBe("closed");
    },
  );
});

describe("an answer that waits for its commit", () => {
  it("comes before what Node says to nonsense that follows the request", async () => {
    const sockets: Socket[] = [];
    const { port, store } = await serve((res, req) => {
      sockets.push(req.socket);
      res.end("whole");
    });
    const writes = store.holdWrites();
    const client = connect(port, "127.0.0.1");
    client.write(FIRST);
    await writes.reached;
    client.write("nonsense\r\n\r\n");
    const bytes = `${FIRST}nonsense\r\n\r\n`.length;
    await expect.poll(() => sockets[0]?.bytesRead).toBe(bytes);
    writes.release();
    const said = Buffer.concat(await client.toArray()).toString();
    expect(said).toMatch(/^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*\r\nwhole$/);
  });

  it("calls back whoever waits for its end, though the reader has left", async () => {
    const ended = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const { port, store } = await serve((res, req) => {
      req.socket.once("end", left.resolve);
      res.end("whole", ended.resolve);
    });
    const writes = store.holdWrites();
    const client = connect(port, "127.0.0.1");
    client.write(FIRST);
    await writes.reached;
    client.destroy();
    await left.promise;
    writes.release();
    await ended.promise;
  });

  it("is reported as lost on a reader who left, where the commit fails then", async () => {
    const left = Promise.withResolvers<void>();
    const closed = vi.fn();
    const { port, store, outcomes } = await serve((res) => {
      res.on("close", closed);
      res.once("close", left.resolve);
      res.write("half of it");
    });
    const reached = Promise.withResolvers<void>();
    store.hinder(async (method) => {
      if (method === "load") return;
      reached.resolve();
      await left.promise;
      throw new Error("The disk is full");
    });
    const client = connect(port, "127.0.0.1");
    client.write(FIRST);
    await reached.promise;
    client.destroy();
    await expect.poll(() => outcomes).toEqual(["left"]);
    expect(closed).toHaveBeenCalledOnce();
  });
});
