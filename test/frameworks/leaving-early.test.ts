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
  vi.useFakeTimers({ toFake: ["setTimeout"] });
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

const turn = (): Promise<void> => new Promise((resume) => setImmediate(resume));

/** More than anything waits for. */
const passTime = (): unknown => setImmediate(() => vi.advanceTimersByTime(10_000));

async function isOver(): Promise<void> {
  await turn();
  passTime();
  await turn();
  await turn();
}

describe("what a visitor did who left before the answer", () => {
  it.each<[string, (res: Reply, req: Request) => unknown]>([
    ["a file", (res) => res.sendFile(PAGE)],
    ["a download", (res) => res.download(PAGE)],
    ["what is piped", (res) => Readable.from(["page"]).pipe(res)],
    ["what is piped and says nothing yet", (res) => new PassThrough().pipe(res)],
    [
      "nothing at all",
      (res, req) => (res.destroyed || req.aborted ? passTime() : res.send("page")),
    ],
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

  it("is stored at once where something was piped before that has said nothing yet", async () => {
    const left = Promise.withResolvers<void>();
    const app = express().use(onExpress(made.sessions));
    app.get("/", async (req, res) => {
      new PassThrough().pipe(res);
      await change(req, res);
      left.resolve();
    });
    await visit(app);
    await left.promise;
    await turn();
    expect(made.store.calls).toEqual(["create"]);
  });

  it.each<[string, () => unknown]>([
    ["a stream", () => Readable.from(["page"])],
    ["a web stream", () => passTime() && new Response("page").body],
    ["a Response", () => passTime() && new Response("page")],
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

  it.each([
    ["before", true],
    ["after", false],
  ])(
    "leaves the head open to who pipes into the response %s its reader leaves",
    async (_, isBefore) => {
      const done = Promise.withResolvers<unknown>();
      const app = express().use(onExpress(made.sessions));
      app.get("/", async (req, res) => {
        const source = new PassThrough();
        if (isBefore) source.pipe(res);
        await change(req, res);
        if (!isBefore) source.pipe(res);
        const session = await made.sessions.open(req);
        await turn();
        // As archivers do, in whose callbacks an error would end the process.
        res.attachment("all.zip").writeHead(200);
        done.resolve(session.get("name"));
      });
      await visit(app);
      expect(await done.promise).toBe("Ada");
      await isStored();
    },
  );

  it("is stored by Node, whose handler is done before its reader leaves and answers by a callback", async () => {
    const withSessions = onNode(made.sessions);
    await visit((req, res) =>
      withSessions(req, res, async () => {
        (await made.sessions.open(req)).set("name", "Ada");
        setImmediate(leave);
      }),
    );
    await isStored();
  });

  it("is stored once, though the answer comes while it is being stored", async () => {
    const { reached, release } = made.store.holdWrites();
    const source = new PassThrough();
    const app = express().use(onExpress(made.sessions));
    app.get("/", async (req, res) => {
      await change(req, res);
      source.pipe(res);
    });
    await visit(app);
    await reached;
    source.end("page");
    release();
    await isStored();
    await turn();
    expect(made.store.calls).toEqual(["create"]);
  });

  it("is stored once where nothing has come for long, before what the handler still does", async () => {
    const reached = Promise.withResolvers<void>();
    const stored = Promise.withResolvers<void>();
    const done = Promise.withResolvers<string | undefined>();
    made.store.hinder(async () => {
      made.store.hinder(undefined);
      reached.resolve();
      await stored.promise;
    });
    const app = express().use(onExpress(made.sessions));
    app.get("/", async (req, res) => {
      await change(req, res);
      passTime();
      await reached.promise;
      const session = await made.sessions.open(req);
      const signedIn = session.signIn("ada");
      setImmediate(stored.resolve);
      await signedIn;
      await turn();
      await session.update("visits", (n) => n + 1);
      res.send("page");
      done.resolve(session.userId);
    });
    await visit(app);
    expect(await done.promise).toBe("ada");
    expect(made.store.calls.filter((call) => call === "create")).toHaveLength(2);
    expect(outcomes).toEqual([]);
  });

  it.each<
    [string, (handle: (req: object, res: ServerResponse) => Promise<void>) => RequestListener]
  >([
    [
      "Node",
      (handle) => {
        const withSessions = onNode(made.sessions);
        return (req, res) => withSessions(req, res, () => handle(req, res));
      },
    ],
    [
      "Koa",
      (handle) => {
        const app = new Koa().use(onKoa(made.sessions));
        app.on("error", () => undefined);
        return app.use((ctx) => handle(ctx, ctx.res)).callback();
      },
    ],
  ])("is not stored by %s where the handler fails long after", async (_, serve) => {
    const left = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    await visit(
      serve(async (req, res) => {
        await change(req, res);
        left.resolve();
        await goOn.promise;
        throw new Error("the mailer is down");
      }),
    );
    await left.promise;
    await isOver();
    goOn.resolve();
    await isOver();
    expect(made.store.calls).toEqual([]);
  });

  it("is not stored by Node where a pipeline of the handler's own breaks off", async () => {
    const withSessions = onNode(made.sessions);
    const failed = Promise.withResolvers<void>();
    await visit((req, res) =>
      withSessions(req, res, async () => {
        await change(req, res);
        const sink = new PassThrough();
        const broken = pipeline(new PassThrough(), sink);
        sink.destroy();
        await broken.finally(failed.resolve);
      }),
    );
    await failed.promise;
    await turn();
    expect(made.store.calls).toEqual([]);
  });

  it("is not stored by Node where the handler is done and leaves no more than a status of 5xx", async () => {
    const withSessions = onNode(made.sessions);
    const done = Promise.withResolvers<void>();
    await visit((req, res) =>
      withSessions(req, res, async () => {
        await change(req, res);
        res.statusCode = 503;
      }).then(done.resolve),
    );
    await done.promise;
    expect(made.store.calls).toEqual([]);
  });

  it("is not stored where the page of a failure is to be streamed", async () => {
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
    const failed = Promise.withResolvers<void>();
    await visit(await serve(failed.resolve));
    await failed.promise;
    await isOver();
    expect(made.store.calls).toEqual([]);
  });
});
