import { once } from "node:events";
import { createReadStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate as turn } from "node:timers/promises";
import type { NextFunction, Request, Response } from "express";

/** One request, its response, and where the handler writes down what it hears. */
export interface Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse & { flush?(): void };
  readonly folder: string;
  hear(what: string): void;
}

export interface ExpressCall extends Call {
  readonly req: Request;
  readonly res: Response & { flush?(): void };
  readonly next: NextFunction;
}

export interface Route<C> {
  /** Sent with the request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether Express gives the connection up, as the handler fails after its answer. */
  readonly isGivenUp?: true;
  /** Whether Node refuses what the handler does; compression does so too late. */
  readonly isRefused?: true;
  handle(call: C): unknown;
}

const BIG = "0123456789abcde\n".repeat(20_000);
const HTML = { "Content-Type": "text/html" };

/** Writes down the code of what is thrown. */
function attempt({ hear }: Call, name: string, act: () => unknown): void {
  try {
    act();
    hear(`${name}: done`);
  } catch (error) {
    hear(`${name}: ${codeOf(error)}`);
  }
}

function codeOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return `${code} ${message}`;
}

async function settled({ hear }: Call, work: Promise<unknown>): Promise<void> {
  await work.then(
    () => hear("settled"),
    (error: unknown) => hear(`rejected: ${(error as { code?: string }).code}`),
  );
}

/** What Node refuses once a head is out. */
function answerAgain(call: Call): void {
  const { res } = call;
  attempt(call, "setHeader", () => res.setHeader("X-Late", "1"));
  attempt(call, "setHeaders", () => res.setHeaders(new Map([["X-Late", "1"]])));
  attempt(call, "appendHeader", () => res.appendHeader("X-Late", "1"));
  attempt(call, "removeHeader", () => res.removeHeader("Content-Type"));
  attempt(call, "writeHead", () => res.writeHead(500));
  attempt(call, "writeHead, headers", () => res.writeHead(500, { "Content-Length": 3 }));
  attempt(call, "writeEarlyHints", () => res.writeEarlyHints({ link: "</a>; rel=preload" }));
  attempt(call, "flushHeaders", () => res.flushHeaders());
  res.statusCode = 500;
  res.statusMessage = "Late";
  call.hear(`${res.headersSent} ${res.writableEnded} ${res.finished}`);
}

async function* pieces(count: number, piece: string): AsyncGenerator<string> {
  for (let index = 0; index < count; index += 1) yield piece;
}

async function produce({ res, hear }: Call, count: number, piece: string): Promise<void> {
  hear("waits for drain");
  for (let index = 0; index < count; index += 1) {
    if (!res.write(piece)) await once(res, "drain");
  }
  res.end();
}

/** Around what Node and compression take before they say that it is too much. */
const SIZES = { "1 byte": 1, "63 KB": 63_000, "66 KB": 66_000 };
const ENCODINGS = ["gzip", "br", "identity"];

/** Bodies of each size, in each encoding, by those who produce them. */
function bodies(): Record<string, Route<Call>> {
  const routes: Record<string, Route<Call>> = {};
  for (const [name, size] of Object.entries(SIZES)) {
    const [piece, count] = [BIG.slice(0, Math.min(size, 9_000)), Math.ceil(size / 9_000)];
    for (const encoding of ENCODINGS) {
      const headers = { "Accept-Encoding": encoding };
      routes[`pipe, ${name}, ${encoding}`] = {
        headers,
        handle: ({ res }) => {
          res.setHeader("Content-Type", "text/html");
          Readable.from([BIG.slice(0, size)]).pipe(res);
        },
      };
      routes[`generator, ${name}, ${encoding}`] = {
        headers,
        handle: async (call) => {
          call.res.setHeader("Content-Type", "text/html");
          await settled(call, pipeline(pieces(count, piece), call.res));
        },
      };
    }
  }
  return routes;
}

/** By Node's own means, so for every framework on it. */
export const ROUTES: Readonly<Record<string, Route<Call>>> = {
  ...bodies(),
  end: { handle: ({ res }) => res.end("hello") },
  "end, nothing": { handle: ({ res }) => res.end() },
  "end, a number that is no text": {
    handle: (call) => {
      attempt(call, "end(0)", () => call.res.end(0));
    },
  },
  "end, a large body": { handle: ({ res }) => res.setHeader("Content-Type", "text/html").end(BIG) },
  "end, in an encoding": { handle: ({ res }) => res.end("aGVsbG8=", "base64") },
  "write, write, end": {
    handle: ({ res }) => {
      res.setHeader("Content-Type", "text/html");
      res.write("one ");
      res.write(Buffer.from("two "));
      res.end("three");
    },
  },
  "write, then end in a later turn": {
    handle: async ({ res }) => {
      res.write("one ");
      await turn();
      res.write("two ");
      await turn();
      res.end();
    },
  },
  "corked writes": {
    handle: ({ res }) => {
      res.write("zero ");
      res.cork();
      res.write("one ");
      res.write("two ");
      res.uncork();
      res.end("three");
    },
  },
  "writeHead, an object": {
    handle: ({ res }) => res.writeHead(201, { "X-Own": "yes", "Content-Length": 5 }).end("hello"),
  },
  "writeHead, a list and a message": {
    handle: ({ res }) => {
      res.writeHead(200, "Fine", ["X-Own", "yes", "X-Two", "1", "X-Two", "2"]).end("hello");
    },
  },
  "writeHead, no message and an object": {
    isRefused: true,
    handle: ({ res }) => res.writeHead(200, undefined, { "X-Own": "yes" }).end("hello"),
  },
  "writeHead, a status that is text": {
    handle: ({ res }) => res.writeHead("404" as unknown as number, { "X-Own": "yes" }).end("none"),
  },
  "a length of its own": {
    handle: ({ res }) => {
      res.setHeader("Content-Length", 5);
      res.end("hello");
    },
  },
  "204": {
    handle: ({ res }) => {
      res.statusCode = 204;
      res.end();
    },
  },
  "304": {
    handle: ({ res }) => {
      res.setHeader("ETag", '"page"');
      res.statusCode = 304;
      res.end();
    },
  },
  "a status message of its own": {
    handle: ({ res }) => {
      res.statusMessage = "Quite fine";
      res.end("hello");
    },
  },
  "connection: close": {
    handle: ({ res }) => res.setHeader("Connection", "close").end("hello"),
  },
  "flushed headers": {
    handle: async ({ res }) => {
      res.writeHead(200, HTML);
      res.flushHeaders();
      await turn();
      res.end("flushed");
    },
  },
  "flushed headers, and a body after them": {
    handle: async (call) => {
      call.res.setHeader("Content-Type", "text/html");
      call.res.flushHeaders();
      attempt(call, "setHeader", () => call.res.setHeader("X-Late", "1"));
      await settled(call, pipeline(pieces(3, "piece "), call.res));
    },
  },
  "pipe, a small file": {
    handle: ({ res, folder }) => {
      res.writeHead(200, HTML);
      createReadStream(`${folder}/small.html`).pipe(res);
    },
  },
  "pipe, a large file": {
    handle: ({ res, folder }) => {
      res.setHeader("Content-Type", "text/html");
      createReadStream(`${folder}/large.html`).pipe(res);
    },
  },
  "pipeline of a stream": {
    handle: async (call) => {
      call.res.setHeader("Content-Type", "text/html");
      await settled(call, pipeline(createReadStream(`${call.folder}/large.html`), call.res));
    },
  },
  "pipeline of a small stream": {
    handle: async (call) => {
      call.res.setHeader("Content-Type", "text/html");
      await settled(call, pipeline(Readable.from(["a small ", "stream"]), call.res));
    },
  },
  "pipeline of a generator": {
    handle: async (call) => {
      call.res.setHeader("Content-Type", "text/html");
      await settled(call, pipeline(pieces(20, "0123456789abcde\n".repeat(1_024)), call.res));
    },
  },
  "pipeline of a small generator": {
    handle: async (call) => {
      call.res.setHeader("Content-Type", "text/html");
      await settled(call, pipeline(pieces(3, "piece "), call.res));
    },
  },
  "a producer that waits for drain": {
    handle: async (call) => {
      call.res.setHeader("Content-Type", "text/html");
      await produce(call, 30, "0123456789abcde\n".repeat(1_024));
    },
  },
  "a small producer that waits for drain": {
    handle: async (call) => {
      call.res.setHeader("Content-Type", "text/html");
      await produce(call, 3, "piece ");
    },
  },
  "events, flushed one by one": {
    handle: async ({ res }) => {
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      for (const name of ["one", "two", "three"]) {
        res.write(`data: ${name}\n\n`);
        res.flush?.();
        await turn();
      }
      res.end();
    },
  },
  "early hints": {
    handle: async ({ res }) => {
      res.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
      await turn();
      res.end("styled");
    },
  },
  "100 and 102 before the answer": {
    handle: ({ res }) => {
      res.writeContinue();
      res.writeProcessing();
      res.end("at last");
    },
  },
  trailers: {
    handle: ({ res }) => {
      res.setHeader("Trailer", "X-Sum");
      if (res.req.method === "HEAD" || res.req.httpVersion === "1.0") res.removeHeader("Trailer");
      res.write("summed ");
      res.addTrailers({ "X-Sum": "7" });
      res.end("up");
    },
  },
  "trailers after the end": {
    handle: (call) => {
      const { res } = call;
      const isChunked = res.req.method !== "HEAD" && res.req.httpVersion !== "1.0";
      if (isChunked) res.setHeader("Trailer", "X-Sum");
      res.write("summed ");
      res.end("up");
      attempt(call, "addTrailers", () => res.addTrailers({ "X-Sum": "7" }));
    },
  },
  "a response that is destroyed": {
    handle: async ({ res, hear }) => {
      const closed = once(res, "close");
      res.on("close", () => hear("close"));
      res.write("half ");
      res.destroy();
      await closed;
      for (let turns = 0; turns < 100; turns += 1) await turn();
    },
  },
  "callbacks and events": {
    handle: async (call) => {
      const { res, hear } = call;
      res.once("finish", () => hear("finish"));
      const closed = once(res, "close").then(() => hear("close"));
      res.write("one ", () => hear("written"));
      res.end("two", () => hear("ended"));
      await closed;
    },
  },
  "a second answer": {
    handle: (call) => {
      call.res.writeHead(200, { "Content-Type": "text/plain", "Content-Length": 5 });
      call.res.end("hello");
      answerAgain(call);
      attempt(call, "end", () => call.res.end());
    },
  },
  "a second answer to a first that goes on": {
    handle: async (call) => {
      call.res.setHeader("Content-Type", "text/plain");
      call.res.write("hello ");
      answerAgain(call);
      await turn();
      call.res.end("again");
    },
  },
  "a second answer, in a later turn": {
    handle: async (call) => {
      call.res.setHeader("Content-Type", "text/plain");
      call.res.end("hello");
      await turn();
      answerAgain(call);
    },
  },
  "a write after the end": {
    handle: async (call) => {
      const { res, hear } = call;
      res.once("error", (error) => hear(`error: ${codeOf(error)}`));
      res.end("hello");
      hear(`write: ${res.write("more", (error) => hear(`callback: ${codeOf(error)}`))}`);
      await turn();
    },
  },
  "a second end with a body": {
    handle: async (call) => {
      const { res, hear } = call;
      res.once("error", (error) => hear(`error: ${codeOf(error)}`));
      res.end("hello");
      res.end("more", () => hear("callback"));
      await turn();
    },
  },
  "a throw": {
    handle: () => {
      throw new Error("A slip");
    },
  },
  "a throw after the answer": {
    isGivenUp: true,
    handle: ({ res }) => {
      res.end("answered");
      throw new Error("A slip");
    },
  },
  "a throw in a later turn than the answer": {
    isGivenUp: true,
    handle: async ({ res }) => {
      res.end("answered");
      await turn();
      throw new Error("A slip");
    },
  },
  "end, what is no text": { isRefused: true, handle: ({ res }) => res.end(42) },
  "end, an object": { isRefused: true, handle: ({ res }) => res.end({ a: 1 }) },
  "write, what is no text": { isRefused: true, handle: ({ res }) => res.write({ a: 1 }) },
  "write, null": { isRefused: true, handle: ({ res }) => res.write(null) },
  "slips of each kind, caught": {
    isRefused: true,
    handle: (call) => {
      const { res } = call;
      // Compression has sent the head by then, and plain Node ends the process for a second end.
      res.on("error", () => undefined);
      attempt(call, "write(42)", () => res.write(42));
      attempt(call, "write(null)", () => res.write(null));
      attempt(call, "end({})", () => res.end({}));
      attempt(call, "writeHead(99)", () => res.writeHead(99));
      attempt(call, "writeHead('x')", () => res.writeHead("x" as unknown as number));
      attempt(call, "writeHead, odd", () => res.writeHead(200, ["X-Odd"]));
      attempt(call, "writeHead, bad value", () => res.writeHead(200, { "X-Bad": "a\nb" }));
      attempt(call, "writeHead, no value", () => res.writeHead(200, { "X-None": undefined }));
      attempt(call, "setHeader, bad name", () => res.setHeader("a b", "c"));
      res.statusMessage = "not\nfine";
      attempt(call, "end, bad message", () => res.end("x"));
      res.statusMessage = "Fine";
      res.statusCode = 1;
      attempt(call, "end, bad status", () => res.end("x"));
      res.statusCode = 200;
      call.hear(`${res.headersSent}`);
      res.end("sent in the end");
    },
  },
  "an encoding that there is not": {
    isRefused: true,
    handle: (call) => {
      attempt(call, "write", () => call.res.write("x", "nope" as BufferEncoding));
      throw new Error("A slip");
    },
  },
  "what is no text, after a first piece": {
    isRefused: true,
    handle: ({ res }) => {
      res.write("half");
      res.end(42);
    },
  },
};

/** By Express's means. */
export const EXPRESS_ROUTES: Readonly<Record<string, Route<ExpressCall>>> = {
  send: { handle: ({ res }) => res.send("<p>hello</p>") },
  "send, a large body": { handle: ({ res }) => res.send(BIG) },
  json: { handle: ({ res }) => res.status(201).json({ hello: "there" }) },
  sendStatus: { handle: ({ res }) => res.sendStatus(204) },
  redirect: { handle: ({ res }) => res.redirect(303, "/elsewhere") },
  "a cookie of its own": { handle: ({ res }) => res.cookie("theme", "dark").send("set") },
  sendFile: { handle: ({ res, folder }) => res.sendFile(`${folder}/small.html`) },
  "sendFile, a large one": { handle: ({ res, folder }) => res.sendFile(`${folder}/large.html`) },
  "sendFile, an empty one": { handle: ({ res, folder }) => res.sendFile(`${folder}/empty.html`) },
  "sendFile, one that is not there": {
    handle: ({ res, folder, next }) => res.sendFile(`${folder}/none.html`, next),
  },
  download: { handle: ({ res, folder }) => res.download(`${folder}/small.html`, "page.html") },
  "a part of a file": {
    headers: { Range: "bytes=10-19" },
    handle: ({ res, folder }) => res.sendFile(`${folder}/large.html`),
  },
  "a part that is not there": {
    headers: { Range: "bytes=9999999-" },
    handle: ({ res, folder, next }) => res.sendFile(`${folder}/small.html`, next),
  },
  "what has not changed": {
    headers: { "If-None-Match": "*" },
    handle: ({ res, folder }) => res.sendFile(`${folder}/small.html`),
  },
  "json twice": {
    handle: (call) => {
      const { res } = call;
      res.json({ user: "ada", orders: [1, 2, 3] });
      attempt(call, "json", () => res.status(500).json({ error: "a longer second answer" }));
    },
  },
  "a redirect after json": {
    handle: (call) => {
      call.res.json({ your: "page" });
      attempt(call, "redirect", () => call.res.redirect("/login"));
    },
  },
  "json twice, not caught": {
    isGivenUp: true,
    handle: ({ res }) => {
      res.json({ user: "ada" });
      res.status(404).json({ error: "a second answer" });
    },
  },
  "next(error)": { handle: ({ next }) => next(new Error("A slip")) },
  "next(error) after the answer": {
    isGivenUp: true,
    handle: ({ res, next }) => {
      res.json({ ok: 1 });
      next(new Error("A slip"));
    },
  },
  "next() after the answer": {
    handle: ({ res, next }) => {
      res.json({ ok: 1 });
      next();
    },
  },
  "a status that is text": { handle: ({ res }) => res.status("404" as never).send("none") },
  "nobody's path": { handle: ({ next }) => next() },
};
