import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import compression from "compression";
import express, { type Request, type RequestHandler, type Response } from "express";
import express4 from "express4";
import morgan from "morgan";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sessionMiddleware as expressSessions } from "../../src/frameworks/express.ts";
import { sessionMiddleware as nodeSessions } from "../../src/frameworks/node.ts";
import type { WatchedStore } from "../../src/testing/adapter/watched-store.ts";
import { type Conversation, converse, request } from "./beside/raw-client.ts";
import { listen } from "./support/server.ts";
import { closeAll, onClose, shop } from "./support/shop.ts";

// JavaScript reads `res.end` of `res.end(await page(req))` before it runs `page`, which opens the session.

interface Call {
  readonly res: ServerResponse;
  /** Opens the session, changes it, and gives a piece of the page. */
  page(): Promise<string>;
}

const PAGE = "<p>hello</p>";

const WAYS: Readonly<Record<string, (call: Call) => unknown>> = {
  "end(await …)": async ({ res, page }) => res.end(await page()),
  "end(await …, encoding)": async ({ res, page }) => {
    res.setHeader("X-Own", "yes");
    res.end(await page(), "utf8");
  },
  "write(await …)": async ({ res, page }) => {
    res.write(await page());
    res.end();
  },
  "writeHead(await …)": async ({ res, page }) => {
    res.writeHead(await page().then(() => 200), { "X-Own": "yes" });
    res.end(PAGE);
  },
  "end, bound before": async ({ res, page }) => {
    const end = res.end.bind(res);
    end(await page());
  },
  "write, taken before": async ({ res, page }) => {
    const { write, end } = res;
    const text = await page();
    Reflect.apply(write, res, [text]);
    Reflect.apply(end, res, []);
  },
  "flushHeaders, bound before": async ({ res, page }) => {
    const flushHeaders = res.flushHeaders.bind(res);
    const text = await page();
    flushHeaders();
    res.end(text);
  },
  "pipe, begun before": ({ res, page }) => {
    Readable.from(later(page)).pipe(res);
  },
  "pipeline, begun before": ({ res, page }) => pipeline(Readable.from(later(page)), res),
};

async function* later(page: () => Promise<string>): AsyncGenerator<string> {
  yield await page();
}

const logged = morgan("tiny", { stream: { write: () => undefined } });
const compressed = compression({ threshold: 0 });

interface Company {
  readonly before: readonly RequestHandler[];
  readonly after: readonly RequestHandler[];
}

const COMPANIES: Readonly<Record<string, Company>> = {
  alone: { before: [], after: [] },
  "compression before": { before: [compressed], after: [] },
  "compression behind": { before: [], after: [compressed] },
  "morgan before": { before: [logged], after: [] },
  "morgan behind": { before: [], after: [logged] },
  "compression on both sides": { before: [compressed], after: [logged, compressed] },
};

type Serve = (sessions: readonly ReturnType<typeof shop>["sessions"][], company: Company) => Server;

/** Runs middlewares of Express's kind on plain Node, which answers what is rejected itself. */
function onNode(sessions: Parameters<Serve>[0], { before, after }: Company, run: Run): Server {
  return createServer((req, res) => {
    const through = (list: readonly RequestHandler[], last: () => unknown): unknown => {
      const [first, ...rest] = list;
      if (first === undefined) return last();
      return first(req as Request, res as Response, () => through(rest, last));
    };
    const within = sessions.reduceRight<() => unknown>(
      (inner, one) => () => nodeSessions(one)(req, res, inner),
      () => new Promise((resolve) => through(after, () => resolve(run(req, res)))),
    );
    through(before, within);
  });
}

type Run = (req: IncomingMessage, res: ServerResponse) => unknown;

function onExpress(make: typeof express, run: Run): Serve {
  return (sessions, { before, after }) => {
    const app = make().set("env", "production");
    const mounted = make().set("env", "production");
    for (const each of before) app.use(each);
    for (const one of sessions) app.use(expressSessions(one));
    for (const each of after) app.use(each);
    const handle: RequestHandler = (req, res, next) => {
      Promise.resolve(run(req, res)).catch(next);
    };
    app.use("/mounted", mounted.use(handle));
    app.use(handle);
    return createServer(app);
  };
}

const FRAMEWORKS: Readonly<Record<string, (run: Run) => Serve>> = {
  "node:http": (run) => (sessions, company) => onNode(sessions, company, run),
  "Express 4": (run) => onExpress(express4 as unknown as typeof express, run),
  "Express 5": (run) => onExpress(express, run),
};

interface Served {
  readonly store: WatchedStore;
  ask(path?: string): Promise<Conversation>;
}

async function serve(framework: string, company: string, way: string): Promise<Served> {
  const { sessions, store } = shop();
  const second = shop({ name: "second" });
  const run: Run = async (req, res) => {
    if (req.url === "/after") {
      res.end("after");
      return;
    }
    const page = async (): Promise<string> => {
      (await sessions.open(req)).set("name", "Ada");
      if (req.url === "/both") (await second.sessions.open(req)).set("name", "Bob");
      return PAGE;
    };
    res.setHeader("Content-Type", "text/html");
    await WAYS[way]?.({ res, page });
  };
  const middlewares = COMPANIES[company] ?? { before: [], after: [] };
  const make = FRAMEWORKS[framework]?.(run);
  const server = make?.([sessions, second.sessions], middlewares) ?? createServer();
  const { target, close } = await listen(server);
  onClose(() => close?.());
  const headers = { "X-Forwarded-Proto": "https", "Accept-Encoding": "gzip" };
  return {
    store,
    ask: (path = "/") =>
      converse(Number(new URL(target).port), [
        request(`GET ${path} HTTP/1.1`, headers),
        request("GET /after HTTP/1.1", { Connection: "close" }),
      ]),
  };
}

function cookiesOf({ replies: [first] }: Conversation): string[] {
  const lines = first?.headers.filter((line) => /^set-cookie:/i.test(line)) ?? [];
  return lines.map((line) => line.replace(/^set-cookie: *([^=]*)=.*$/i, "$1"));
}

function bodyOf({ replies: [first] }: Conversation): string {
  const { body = "", headers = [] } = first ?? {};
  const isChunked = headers.some((line) => /^transfer-encoding: *chunked/i.test(line));
  const isCoded = headers.some((line) => /^content-encoding:/i.test(line));
  return isChunked && !isCoded ? body.replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n|\r\n$/g, "") : body;
}

beforeEach(() => void vi.spyOn(console, "error").mockReset().mockReturnValue());
afterEach(closeAll);

describe.each(Object.keys(FRAMEWORKS))(
  "what was read of a response before open, on %s",
  (framework) => {
    describe.each(Object.keys(COMPANIES))("%s", (company) => {
      it.each(Object.keys(WAYS))("waits for the commit, with its head: %s", async (way) => {
        const { store, ask } = await serve(framework, company, way);
        const writes = store.holdWrites();
        const asked = ask();
        await writes.reached;
        // A whole request to and fro is time enough for a byte that was let out too early.
        let isAnswered = false;
        void asked.then(() => {
          isAnswered = true;
        });
        await new Promise(setImmediate);
        expect(isAnswered).toBe(false);
        writes.release();
        const conversation = await asked;
        expect(conversation.replies.map(({ statusLine }) => statusLine)).toEqual([
          "HTTP/1.1 200 OK",
          "HTTP/1.1 200 OK",
        ]);
        expect(conversation).toMatchObject({ rest: "", end: "closed" });
        expect(cookiesOf(conversation)).toEqual(["__Host-Http-session"]);
        expect(bodyOf(conversation)).toBe(PAGE);
      });

      it.each(Object.keys(WAYS))(
        "is answered by 503 where it cannot be stored: %s",
        async (way) => {
          const { store, ask } = await serve(framework, company, way);
          store.failWrites();
          const conversation = await ask();
          const [first] = conversation.replies;
          expect(first?.statusLine).toBe("HTTP/1.1 503 Service Unavailable");
          expect(first?.body).not.toContain(PAGE);
          expect(cookiesOf(conversation)).toEqual([]);
        },
      );
    });

    it.each(Object.keys(WAYS))("keeps two sessions of one request: %s", async (way) => {
      const { ask } = await serve(framework, "alone", way);
      const conversation = await ask("/both");
      expect(cookiesOf(conversation).sort()).toEqual(["__Host-Http-second", "__Host-Http-session"]);
      expect(bodyOf(conversation)).toBe(PAGE);
      expect(conversation.replies).toHaveLength(2);
    });

    it.each(Object.keys(WAYS))("is held in a mounted application: %s", async (way) => {
      const { ask } = await serve(framework, "compression on both sides", way);
      const conversation = await ask("/mounted/page");
      expect(cookiesOf(conversation)).toEqual(["__Host-Http-session"]);
      expect(bodyOf(conversation)).toBe(PAGE);
      expect(conversation.replies).toHaveLength(2);
    });
  },
);
