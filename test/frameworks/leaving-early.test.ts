import { once } from "node:events";
import { createServer, get, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import express, { type Response as Reply, type Request } from "express";
import fastify from "fastify";
import Koa from "koa";
import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from "vitest";
import { sessionMiddleware as onExpress } from "../../src/frameworks/express.ts";
import { sessionPlugin } from "../../src/frameworks/fastify.ts";
import { sessionMiddleware as onKoa } from "../../src/frameworks/koa.ts";
import { sessionMiddleware as onNode } from "../../src/frameworks/node.ts";
import { closeAll, onClose, shop } from "./support/shop.ts";

const PAGE = import.meta.filename;

let made: ReturnType<typeof shop>;
let printed: Mock;
/** What `onError` was told of what became of the requests. */
let outcomes: string[];
let leave: () => void;

beforeEach(() => {
  outcomes = [];
  made = shop({ onError: (_error, { outcome }) => void outcomes.push(outcome) });
  printed = vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  return closeAll();
});

/** Changes the session, and goes on when nobody waits for the answer any more. */
async function change(request: object, res: ServerResponse): Promise<void> {
  (await made.sessions.open(request)).set("name", "Ada");
  const left = once(res, "close");
  leave();
  await left;
}

async function visit(listener: RequestListener): Promise<void> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onClose(() => server.close());
  const { port } = server.address() as AddressInfo;
  const headers = { "x-forwarded-proto": "https" };
  const request = get({ port, host: "127.0.0.1", headers, agent: false });
  request.on("error", () => undefined);
  leave = () => request.destroy();
}

const isStored = (): Promise<void> =>
  expect.poll(() => made.store.calls, { timeout: 5_000 }).toEqual(["create"]);

/** As long as anything may be waited for. */
async function isOver(): Promise<void> {
  await new Promise((resume) => setImmediate(resume));
  vi.advanceTimersByTime(10_000);
  await new Promise((resume) => setImmediate(resume));
}

describe("what a visitor did who left before the answer", () => {
  it.each<[string, (res: Reply, req: Request) => unknown]>([
    ["a file", (res) => res.sendFile(PAGE)],
    ["a download", (res) => res.download(PAGE)],
    ["what is piped", (res) => Readable.from(["page"]).pipe(res)],
    ["what is piped and says nothing yet", (res) => new PassThrough().pipe(res)],
    ["nothing at all", (res, req) => (res.destroyed || req.aborted ? undefined : res.send("page"))],
  ])("is stored by Express, which answers with %s", async (_, answer) => {
    const app = express().use(onExpress(made.sessions));
    app.get("/", async (req, res) => {
      await change(req, res);
      answer(res, req);
    });
    await visit(app);
    await isStored();
    expect([outcomes, printed.mock.calls]).toEqual([[], []]);
  });

  it("is stored where something was piped before that has said nothing yet", async () => {
    const app = express().use(onExpress(made.sessions));
    app.get("/", async (req, res) => {
      new PassThrough().pipe(res);
      await change(req, res);
    });
    await visit(app);
    await isStored();
  });

  it.each<[string, () => unknown]>([
    ["a stream", () => Readable.from(["page"])],
    ["a web stream", () => new Response("page").body],
    ["a Response", () => new Response("page")],
  ])("is stored by Fastify, which answers with %s", async (_, page) => {
    const app = fastify();
    await app.register(sessionPlugin(made.sessions));
    app.get("/", async (request, reply) => {
      await change(request, reply.raw);
      return reply.send(page());
    });
    await app.ready();
    await visit(app.routing.bind(app) as RequestListener);
    await isStored();
    expect(outcomes).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ["a stream", () => Readable.from(["page"])],
    ["what says nothing yet", () => new PassThrough()],
  ])("is stored by Koa, which answers with %s", async (_, page) => {
    const app = new Koa().use(onKoa(made.sessions));
    app.on("error", () => undefined);
    app.use(async (ctx) => {
      await change(ctx, ctx.res);
      ctx.body = page();
    });
    await visit(app.callback());
    await isStored();
  });

  it.each<[string, (res: ServerResponse) => unknown]>([
    ["a pipeline", (res) => pipeline(Readable.from(["page"]), res)],
    ["nothing at all", (res) => (res.destroyed ? undefined : res.end("page"))],
  ])("is stored by Node, whose handler answers with %s", async (_, answer) => {
    const withSessions = onNode(made.sessions);
    await visit((req, res) =>
      withSessions(req, res, async () => {
        await change(req, res);
        await answer(res);
      }),
    );
    await isStored();
    expect(outcomes).toEqual([]);
  });

  it("is not stored where the page of a failure is to be streamed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const app = express().use(onExpress(made.sessions));
    const piped = Promise.withResolvers<unknown>();
    app.get("/", async (req, res) => {
      await change(req, res);
      res.status(500).once("pipe", piped.resolve);
      new PassThrough().pipe(res);
    });
    await visit(app);
    await piped.promise;
    await isOver();
    expect(made.store.calls).toEqual([]);
  });

  it.each<[string, (failed: () => void) => RequestListener | Promise<RequestListener>]>([
    [
      "Express",
      (failed) => {
        const app = express().use(onExpress(made.sessions));
        app.get("/", async (req, res) => {
          await change(req, res);
          throw new Error("the mailer is down");
        });
        return app.use((error: Error, _req: Request, _res: Reply, next: (error: Error) => void) => {
          next(error);
          failed();
        });
      },
    ],
    [
      "Fastify",
      async (failed) => {
        const app = fastify().addHook("onError", async () => failed());
        await app.register(sessionPlugin(made.sessions));
        app.get("/", async (request, reply) => {
          await change(request, reply.raw);
          throw new Error("the mailer is down");
        });
        await app.ready();
        return app.routing.bind(app) as RequestListener;
      },
    ],
    [
      "Koa",
      (failed) => {
        const app = new Koa().use(onKoa(made.sessions));
        app.on("error", failed);
        app.use(async (ctx) => {
          await change(ctx, ctx.res);
          throw new Error("the mailer is down");
        });
        return app.callback();
      },
    ],
    [
      "Node",
      (failed) => {
        const withSessions = onNode(made.sessions);
        return (req, res) =>
          withSessions(req, res, async () => {
            await change(req, res);
            throw new Error("the mailer is down");
          }).then(failed);
      },
    ],
  ])("is not stored by %s where the handler fails", async (_, serve) => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const failed = Promise.withResolvers<void>();
    await visit(await serve(failed.resolve));
    await failed.promise;
    await isOver();
    expect(made.store.calls).toEqual([]);
  });
});
