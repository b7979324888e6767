import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Session } from "../../src/core/session.ts";
import { sessionMiddleware } from "../../src/frameworks/node.ts";
import { type TestClient, testClient } from "../../src/testing/index.ts";
import { request as ask, converse } from "./beside/raw-client.ts";
import { listen } from "./support/server.ts";
import { closeAll, onClose, type Shop, shop } from "./support/shop.ts";

type Handle = (res: ServerResponse, session: Session<Shop>, req: IncomingMessage) => unknown;

/** A server whose every page opens its session. */
async function serve(
  handle: Handle,
): Promise<ReturnType<typeof shop> & { client: TestClient; target: string }> {
  const { sessions, store } = shop();
  const withSessions = sessionMiddleware(sessions);
  const server = createServer((req, res) => {
    void withSessions(req, res, async () => handle(res, await sessions.open(req), req));
  });
  const { target, close } = await listen(server);
  onClose(() => close?.());
  const client = testClient(target, { origin: "https://shop.example" });
  return { sessions, store, client, target };
}

beforeEach(() => void vi.spyOn(console, "error").mockReset().mockReturnValue());
afterEach(closeAll);

describe("a held Node response", () => {
  it.each<[string, (res: ServerResponse) => unknown]>([
    ["an object", (res) => res.writeHead(200, { "Set-Cookie": ["a=1", "b=2"], "X-Own": "yes" })],
    [
      "a flat list",
      (res) => res.writeHead(200, ["Set-Cookie", "a=1", "set-cookie", "b=2", "X-Own", "yes"]),
    ],
    [
      "a list of pairs",
      (res) =>
        res.writeHead(200, [
          ["Set-Cookie", "a=1"],
          ["Set-Cookie", "b=2"],
          ["X-Own", "yes"],
        ] as never),
    ],
    [
      "a status text and an object",
      (res) => res.writeHead(200, "Fine", { "set-cookie": ["a=1", "b=2"], "X-Own": "yes" }),
    ],
  ])("keeps the cookies that writeHead is given in %s [CVE-2025-7339]", async (_, writeHead) => {
    const { client } = await serve((res, session) => {
      session.set("name", "Ada");
      writeHead(res);
      res.end("done");
    });
    const response = await client.get("/");
    const names = response.headers.getSetCookie().map((line) => line.split("=", 1)[0]);
    expect(names.sort()).toEqual(["__Host-Http-session", "a", "b"]);
    expect(response.headers.get("x-own")).toBe("yes");
    expect(await response.text()).toBe("done");
  });

  it("is answered for a failed commit where the handler ends it before that answer can go", async () => {
    const made = await serve(async (res, session) => {
      const held = made.store.holdWrites();
      session.set("name", "A".repeat(300_000));
      res.write("page");
      const updated = session.update("visits", (visits) => visits + 1);
      await held.reached;
      await new Promise(setImmediate);
      res.statusCode = 201;
      res.end("late");
      held.release();
      await updated;
    });
    const response = await made.client.get("/");
    expect([response.status, await response.text()]).toEqual([500, "Something went wrong.\n"]);
  });

  it("lets writeHead replace what setHeader set, as Node does", async () => {
    const { client } = await serve((res, session) => {
      session.set("name", "Ada");
      res.setHeader("X-Own", "first");
      res.setHeader("Set-Cookie", "old=1");
      res.writeHead(202, "Taken", { "x-own": "second", "Set-Cookie": "new=2" });
      res.end();
    });
    const response = await client.get("/");
    expect([response.status, response.statusText]).toEqual([202, "Taken"]);
    expect(response.headers.get("x-own")).toBe("second");
    const names = response.headers.getSetCookie().map((line) => line.split("=", 1)[0]);
    expect(names.sort()).toEqual(["__Host-Http-session", "new"]);
  });

  it("refuses a second head and an unusable status, as Node does", async () => {
    const codes: unknown[] = [];
    const attempt = (act: () => unknown): void => {
      try {
        act();
      } catch (error) {
        codes.push((error as { code?: string }).code);
      }
    };
    const { client } = await serve((res, session) => {
      session.set("name", "Ada");
      attempt(() => res.writeHead(99));
      res.writeHead(201);
      attempt(() => res.writeHead(202));
      attempt(() => res.writeHead(201, { "X-Own": "late" }));
      res.end("created");
    });
    const response = await client.get("/");
    expect(codes).toEqual([
      "ERR_HTTP_INVALID_STATUS_CODE",
      "ERR_HTTP_HEADERS_SENT",
      "ERR_HTTP_HEADERS_SENT",
    ]);
    expect([response.status, await response.text()]).toEqual([201, "created"]);
  });

  it.each<[string, (res: ServerResponse, done: () => void) => unknown]>([
    ["end(callback)", (res, done) => res.end(done)],
    ["end(text, callback)", (res, done) => res.end("x", done)],
    ["end(text, encoding, callback)", (res, done) => res.end("eA==", "base64", done)],
    [
      "write(text, callback)",
      (res, done) => res.write("x", done) || res.once("drain", () => res.end()),
    ],
  ])("calls the callback of %s once, when it is really done", async (_, finish) => {
    let calls = 0;
    const called = Promise.withResolvers<boolean>();
    const { client, store } = await serve((res, session) => {
      session.set("name", "Ada");
      finish(res, () => {
        calls += 1;
        called.resolve(store.calls.includes("create"));
      });
    });
    const response = await client.get("/");
    expect(await response.text()).toMatch(/^x?$/);
    expect(await called.promise).toBe(true);
    expect(calls).toBe(1);
  });

  it("counts as sent and ended at once, so that frameworks leave it alone", async () => {
    const states: unknown[] = [];
    const { client } = await serve((res, session) => {
      session.set("name", "Ada");
      states.push([res.headersSent, res.writableEnded]);
      res.write("one");
      states.push([res.headersSent, res.writableEnded]);
      res.end();
      states.push([res.headersSent, res.writableEnded]);
    });
    expect(await (await client.get("/")).text()).toBe("one");
    expect(states).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ]);
  });

  it("sends nothing that is written after the end, as Node does", async () => {
    const codes: unknown[] = [];
    const { client } = await serve((res, session) => {
      session.set("name", "Ada");
      res.on("error", (error: NodeJS.ErrnoException) => codes.push(error.code));
      res.end("done");
      res.write(" and more");
    });
    expect(await (await client.get("/")).text()).toBe("done");
    expect(codes).toEqual(["ERR_STREAM_WRITE_AFTER_END"]);
  });

  it("holds flushed headers too", async () => {
    const { client, store } = await serve((res, session) => {
      session.set("name", "Ada");
      res.flushHeaders();
      setImmediate(() => res.end("flushed"));
    });
    store.failWrites();
    expect((await client.get("/")).status).toBe(503);
    store.hinder(undefined);
    const response = await client.get("/");
    expect([response.status, await response.text()]).toEqual([200, "flushed"]);
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  it("takes a pipeline of 5 MB whole, and holds it back while the first byte waits", async () => {
    const chunk = Buffer.alloc(65_536, "x");
    let taken = 0;
    function* chunks(): Generator<Buffer> {
      for (; taken < 80; taken += 1) yield chunk;
    }
    const { client, store } = await serve(async (res, session) => {
      session.set("name", "Ada");
      await pipeline(Readable.from(chunks()), res);
    });
    const writes = store.holdWrites();
    const response = client.get("/");
    await writes.reached;
    await new Promise(setImmediate);
    expect(taken).toBeLessThan(4);
    writes.release();
    expect((await (await response).arrayBuffer()).byteLength).toBe(80 * chunk.length);
  });

  it("tells a stream to pause while the first byte waits", async () => {
    const returned: boolean[] = [];
    const { client, store } = await serve((res, session) => {
      session.set("name", "Ada");
      returned.push(res.write("one "));
      res.once("drain", () => res.end("two"));
    });
    const writes = store.holdWrites();
    const response = client.get("/");
    await writes.reached;
    writes.release();
    expect(await (await response).text()).toBe("one two");
    expect(returned).toEqual([false]);
  });

  it("keeps the requests of one connection apart", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onClose(() => agent.destroy());
    const { target, sessions } = await serve(async (res, session, req) => {
      const visits = await session.update("visits", (n) => n + 1);
      res.end(`${req.socket.remotePort} ${visits}`);
    });
    const cookies: (string | undefined)[] = [];
    const visit = (cookie: string | undefined): Promise<string> =>
      new Promise((resolve, reject) => {
        const headers = { "X-Forwarded-Proto": "https", ...(cookie && { cookie }) };
        const sent = request(target, { agent, headers }, async (response) => {
          cookies.push(response.headers["set-cookie"]?.[0]?.split(";", 1)[0]);
          resolve(Buffer.concat(await response.toArray()).toString());
        });
        sent.once("error", reject);
        sent.end();
      });
    const [first, second] = [await visit(undefined), await visit(undefined)];
    const [ada, bob] = cookies;
    const again = [await visit(ada), await visit(bob), await visit(ada)];
    const ports = [first, second, ...again].map((text) => text.split(" ")[0]);
    expect(new Set(ports).size).toBe(1);
    expect([first, second, ...again].map((text) => text.split(" ")[1])).toEqual([
      "1",
      "1",
      "2",
      "2",
      "3",
    ]);
    expect(await sessions.count()).toBe(2);
  });

  it("prints the application's error, of which the visitor learns nothing", async () => {
    const slip = new Error("The password is 1234");
    const { client } = await serve(() => {
      throw slip;
    });
    const response = await client.get("/");
    expect([response.status, await response.text()]).toEqual([500, "Something went wrong.\n"]);
    expect(console.error).toHaveBeenCalledExactlyOnceWith(slip);
  });

  it("cuts the response of a handler that throws after its first write", async () => {
    const { client } = await serve((res, session) => {
      session.set("name", "Ada");
      res.write("half of it");
      throw new Error("A slip");
    });
    await expect(client.get("/").then((response) => response.text())).rejects.toThrow();
  });

  it("mutes a handler that goes on writing after the failure was answered", async () => {
    const errors: unknown[] = [];
    const muted = Promise.withResolvers<void>();
    const { client, store } = await serve(async (res, session) => {
      res.on("error", (error) => errors.push(error));
      session.set("name", "Ada");
      res.write("never ");
      // The answer is out in some turns of the microtask queue, and not yet at the client.
      for (let turns = 0; turns < 1_000 && !res.writableEnded; turns += 1) await undefined;
      res.write("to be ", () => muted.resolve());
      res.flushHeaders();
      res.writeHead(200);
      res.end("seen");
    });
    store.failWrites();
    const response = await client.get("/");
    expect(response.status).toBe(503);
    expect(await response.text()).toBe("Service unavailable. Please try again in a moment.\n");
    await muted.promise;
    expect(errors).toEqual([]);
  });

  it("lets go of the connection whose handler gave it up after its answer", async () => {
    const { target } = await serve(async (res, session, req) => {
      session.set("name", "Ada");
      res.end("answered");
      req.socket.destroy();
    });
    const agent = new Agent({ keepAlive: true });
    onClose(() => agent.destroy());
    const answer = await new Promise<string>((resolve, reject) => {
      const headers = { "X-Forwarded-Proto": "https" };
      const sent = request(target, { agent, headers }, async (response) => {
        const closed = once(response.socket, "close");
        const body = Buffer.concat(await response.toArray()).toString();
        await closed;
        resolve(body);
      });
      sent.once("error", reject);
      sent.end();
    });
    expect(answer).toBe("answered");
  });

  it("sends an answer that is destroyed, not the next one in its place", async () => {
    const { target, store } = await serve((res, session) => {
      if (res.req.url === "/next") return res.end("next");
      session.set("name", "Ada");
      return res.end("answered").destroy();
    });
    store.hinder(() => new Promise(setImmediate));
    const headers = { "X-Forwarded-Proto": "https" };
    const requests = ["/", "/next"].map((path) => ask(`GET ${path} HTTP/1.1`, headers));
    const { replies, end } = await converse(Number(new URL(target).port), requests);
    expect([replies[0]?.body, end]).toEqual(["answered", "closed"]);
  });

  it("sends an answer whose connection its handler ends", async () => {
    const { target, store } = await serve((res, session) => {
      session.set("name", "Ada");
      res.end("answered");
      res.socket?.end();
    });
    store.hinder(() => new Promise(setImmediate));
    const sent = ask("GET / HTTP/1.1", { "X-Forwarded-Proto": "https" });
    const { replies, end } = await converse(Number(new URL(target).port), [sent]);
    expect([replies[0]?.body, end]).toEqual(["answered", "closed"]);
    store.failWrites();
    const failed = await converse(Number(new URL(target).port), [sent]);
    expect(failed).toMatchObject({ replies: [{ statusLine: expect.stringContaining("503") }] });
  });

  it("does not look ended to a producer in whose place it was answered", async () => {
    const heard = Promise.withResolvers<boolean>();
    const { client, store } = await serve((res, session) => {
      session.set("name", "Ada");
      res.once("close", () => heard.resolve(res.writableEnded));
      res.write("begun");
    });
    store.failWrites();
    expect((await client.get("/")).status).toBe(503);
    expect(await heard.promise).toBe(false);
  });

  it("closes once, where its reader has left before its commit fails", async () => {
    const closed = Promise.withResolvers<void>();
    const heard: string[] = [];
    const { target, store } = await serve((res, session) => {
      session.set("name", "Ada");
      res.on("close", () => {
        heard.push("closed");
        closed.resolve();
      });
      res.write("begun");
      res.destroy();
    });
    const reported = Promise.withResolvers<void>();
    vi.mocked(console.error).mockImplementation(() => reported.resolve());
    store.hinder(async () => {
      await closed.promise;
      throw new Error("The disk is full");
    });
    const headers = { "X-Forwarded-Proto": "https" };
    await converse(Number(new URL(target).port), [ask("GET / HTTP/1.1", headers)]);
    await reported.promise;
    await new Promise(setImmediate);
    expect(heard).toEqual(["closed"]);
  });

  it("refuses changes of a session that is opened when the response is over", async () => {
    const refused = Promise.withResolvers<unknown>();
    const { sessions } = shop();
    const withSessions = sessionMiddleware(sessions);
    const server = createServer((req, res) => {
      void withSessions(req, res, async () => {
        res.end("over");
        const session = await sessions.open(req);
        try {
          refused.resolve(session.set("name", "Ada"));
        } catch (error) {
          refused.resolve(error);
        }
      });
    });
    const { target, close } = await listen(server);
    onClose(() => close?.());
    const client = testClient(target, { origin: "https://shop.example" });
    await (await client.get("/")).text();
    expect(await refused.promise).toMatchObject({ code: "ERR_SESSION_HEADERS_SENT" });
  });

  it("answers what Node refuses only when it is sent by the error path", async () => {
    const { client } = await serve((res, session) => {
      session.set("name", "Ada");
      res.setHeader("Trailer", "X-Sum");
      res.setHeader("Content-Length", 5);
      res.end("hello");
    });
    const response = await client.get("/");
    expect([response.status, response.headers.get("trailer")]).toEqual([500, null]);
    expect(console.error).toHaveBeenCalledWith(
      expect.objectContaining({ code: "ERR_HTTP_TRAILER_INVALID" }),
    );
  });

  it("keeps no handler waiting for a write or an end that was given up", async () => {
    const waited: string[] = [];
    const { client, store } = await serve(async (res, session, req) => {
      session.set("name", "Ada");
      const isWritten = new Promise<void>((resolve) => {
        if (req.url === "/write") res.write("never", () => resolve());
        else res.end("never", resolve);
      });
      await isWritten;
      waited.push(req.url ?? "");
    });
    store.failWrites();
    for (const path of ["/write", "/end"]) expect((await client.get(path)).status).toBe(503);
    await expect.poll(() => waited).toEqual(["/write", "/end"]);
  });
});
