import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Session } from "../../src/core/session.ts";
import type { SessionOptions } from "../../src/create-sessions.ts";
import { sessionMiddleware } from "../../src/frameworks/node.ts";
import { closeAll, onClose, type Shop, shop } from "./support/shop.ts";

interface Reply {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Served extends ReturnType<typeof shop> {
  readonly client: ClientHttp2Session;
  ask(path: string, cookie?: string): Promise<Reply>;
}

/** HTTP/2 on a plain socket, which only a proxy speaks: it says that the browser came over TLS. */
async function serve(
  handle: (res: Http2ServerResponse, session: Session<Shop>) => unknown,
  options?: SessionOptions,
): Promise<Served> {
  return serveUnopened(async (res, open) => handle(res, await open()), options);
}

/** Whose handler opens the session when it likes. */
async function serveUnopened(
  handle: (res: Http2ServerResponse, open: () => Promise<Session<Shop>>) => unknown,
  options?: SessionOptions,
): Promise<Served> {
  const manager = shop(options);
  const withSessions = sessionMiddleware(manager.sessions);
  const server = createServer((req: Http2ServerRequest, res: Http2ServerResponse) => {
    // The compatibility API is a ServerResponse to everybody but its type.
    const [nodeReq, nodeRes] = [req, res] as unknown as [IncomingMessage, ServerResponse];
    void withSessions(nodeReq, nodeRes, () => handle(res, () => manager.sessions.open(req)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onClose(() => {
    client.destroy();
    server.close();
  });
  return { ...manager, client, ask: (path, cookie) => ask(client, path, cookie) };
}

async function ask(client: ClientHttp2Session, path: string, cookie?: string): Promise<Reply> {
  const stream = client.request({
    ":path": path,
    "x-forwarded-proto": "https",
    ...(cookie === undefined ? {} : { cookie: ["theme=dark", cookie] }),
  });
  const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
  return { headers, body: Buffer.concat(await stream.toArray()).toString() };
}

function cookieOf({ headers }: Reply): string | undefined {
  return headers["set-cookie"]?.at(-1)?.split(";", 1)[0];
}

afterEach(closeAll);

/** What was read of a response before its session was opened. */
const EARLY: Record<string, (res: ServerResponse, page: () => Promise<string>) => unknown> = {
  "end(await …)": async (res, page) => res.end(await page()),
  "write(await …)": async (res, page) => {
    res.write(await page());
    res.end();
  },
  "writeHead(await …)": async (res, page) =>
    res.writeHead(await page().then(() => 200), { "X-Own": "yes" }).end("hello"),
  "flushHeaders, bound before": async (res, page) => {
    const flushHeaders = res.flushHeaders.bind(res);
    const text = await page();
    flushHeaders();
    res.end(text);
  },
};

describe("Node's HTTP/2 server, by its compatibility API", () => {
  it.each(Object.keys(EARLY))("holds what was read before the open: %s", async (way) => {
    const { ask, store } = await serveUnopened((res, open) =>
      EARLY[way]?.(res as unknown as ServerResponse, async () => {
        (await open()).set("name", "Ada");
        return "hello";
      }),
    );
    const reply = await ask("/");
    expect(reply.headers["set-cookie"]).toHaveLength(1);
    expect(reply.body).toBe("hello");
    store.failWrites();
    expect((await ask("/")).headers[":status"]).toBe(503);
  });

  it("holds the response until the session is stored", async () => {
    const { ask, store } = await serve(async (res, session) => {
      session.set("visits", session.get("visits") + 1);
      res.setHeader("Set-Cookie", "own=1");
      res.write("visit ");
      res.end(String(session.get("visits")));
    });
    const first = await ask("/");
    expect(first.body).toBe("visit 1");
    expect(first.headers["set-cookie"]).toHaveLength(2);
    const second = await ask("/", cookieOf(first));
    expect(second.body).toBe("visit 2");
    expect(store.calls).toEqual(["create", "load", "update"]);
  });

  it("lets early hints pass while the first byte waits", async () => {
    const { client } = await serve((res, session) => {
      session.set("name", "Ada");
      res.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
      res.end("styled");
    });
    const stream = client.request({ ":path": "/", "x-forwarded-proto": "https" });
    const [hints] = (await once(stream, "headers")) as [IncomingHttpHeaders];
    expect([hints[":status"], hints["set-cookie"]]).toEqual([103, undefined]);
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
    expect([headers[":status"], headers["set-cookie"]]).toEqual([200, [expect.any(String)]]);
    stream.close();
  });

  it("answers 503 where the save fails", async () => {
    const { ask, store } = await serve((res, session) => {
      session.set("name", "Ada");
      res.writeHead(200, { "content-type": "text/html" });
      res.end("kept");
    });
    store.failWrites();
    const { headers, body } = await ask("/");
    expect(headers[":status"]).toBe(503);
    expect(body).not.toContain("kept");
    expect(headers["set-cookie"]).toBeUndefined();
  });

  it("tells of an outage once, though a pipeline hears of it as well", async () => {
    const told: unknown[] = [];
    const ended = Promise.withResolvers<unknown>();
    const { ask, store } = await serve(
      (res, session) => {
        session.set("name", "Ada");
        const piped = pipeline(endless(), res);
        piped.catch(ended.resolve);
        return piped;
      },
      { onError: ({ name }) => told.push(name) },
    );
    store.failWrites();
    expect((await ask("/")).headers[":status"]).toBe(503);
    expect(await ended.promise).toMatchObject({ code: "ERR_STREAM_PREMATURE_CLOSE" });
    await new Promise(setImmediate);
    expect(told).toEqual(["StoreError"]);
  });

  it("sends the first of two answers, and refuses the second as Node does", async () => {
    const codes: unknown[] = [];
    const attempt = (act: () => unknown): void => {
      try {
        act();
        codes.push("done");
      } catch (error) {
        codes.push((error as { code?: string }).code);
      }
    };
    const { ask } = await serve((res, session) => {
      session.set("name", "Ada");
      res.setHeader("content-type", "text/plain");
      res.end("first");
      attempt(() => res.setHeader("content-type", "text/html"));
      attempt(() => res.removeHeader("content-type"));
      attempt(() => res.writeHead(500));
      res.statusCode = 500;
      attempt(() => res.end("second"));
    });
    const { headers, body } = await ask("/");
    expect([headers[":status"], headers["content-type"], body]).toEqual([
      200,
      "text/plain",
      "first",
    ]);
    const refused = "ERR_HTTP2_HEADERS_SENT";
    expect(codes).toEqual([refused, refused, refused, "done"]);
  });

  it.each(["works", "fails"])(
    "sends an answer that was destroyed after its end, where the commit %s",
    async (commit) => {
      const { ask, store } = await serve((res, session) => {
        session.set("name", "Ada");
        res.end("whole");
        res.destroy();
      });
      if (commit === "fails") store.failWrites();
      const { headers, body } = await ask("/");
      const failed = "Service unavailable. Please try again in a moment.\n";
      expect([headers[":status"], body]).toEqual(
        commit === "works" ? [200, "whole"] : [503, failed],
      );
    },
  );

  it("knows a visitor who left before his session was opened", async () => {
    const manager = shop();
    const user = Promise.withResolvers<string | undefined>();
    const reached = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const withSessions = sessionMiddleware(manager.sessions);
    const server = createServer((req: Http2ServerRequest, res: Http2ServerResponse) => {
      const [nodeReq, nodeRes] = [req, res] as unknown as [IncomingMessage, ServerResponse];
      void withSessions(nodeReq, nodeRes, async () => {
        if (req.url === "/late") {
          reached.resolve();
          await left.promise;
        }
        const session = await manager.sessions.open(req);
        if (req.url === "/late") user.resolve(session.userId);
        else if (req.url === "/") await session.signIn("ada");
        res.end();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onClose(() => {
      client.destroy();
      server.close();
    });
    const cookie = cookieOf(await ask(client, "/"));
    const late = client.request({ ":path": "/late", "x-forwarded-proto": "https", cookie });
    late.on("error", () => undefined);
    await reached.promise;
    late.close();
    await once(late, "close");
    await ask(client, "/other");
    left.resolve();
    expect(await user.promise).toBe("ada");
  });

  it.each(["/write", "/end"])("reports what a reader lost who left: %s", async (path) => {
    const outcomes: string[] = [];
    const closes: string[] = [];
    const left = Promise.withResolvers<void>();
    const handle = (res: Http2ServerResponse, session: Session<Shop>): void => {
      session.set("name", "Ada");
      res.on("close", () => closes.push(path));
      res.once("close", left.resolve);
      if (path === "/end") res.end("whole");
      else res.write("half");
    };
    const onError: SessionOptions["onError"] = (_, { outcome }) => void outcomes.push(outcome);
    const { client, store } = await serve(handle, { onError });
    const reached = Promise.withResolvers<void>();
    store.hinder(async (method) => {
      if (method === "load") return;
      reached.resolve();
      await left.promise;
      throw new Error("The disk is full");
    });
    const stream = client.request({ ":path": path, "x-forwarded-proto": "https" });
    stream.on("error", () => undefined);
    await reached.promise;
    stream.close(constants.NGHTTP2_CANCEL);
    await expect.poll(() => outcomes).toEqual(["left"]);
    expect(closes).toEqual([path]);
  });

  it("cuts the stream where what changed after the first byte is lost", async () => {
    const { ask, store } = await serve(async (res, session) => {
      await session.update("visits", (n) => n + 1);
      res.write("begin ");
      session.set("name", "Ada");
      store.failWrites();
      res.end("end");
    });
    await expect(ask("/")).rejects.toThrow();
  });
});

async function* endless(): AsyncGenerator<string> {
  for (;;) {
    yield "piece ";
    await new Promise(setImmediate);
  }
}
