import { createServer } from "node:http";
import compression from "compression";
import cors from "cors";
import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import express4 from "express4";
import helmet from "helmet";
import morgan from "morgan";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { sessionMiddleware } from "../../src/frameworks/express.ts";
import {
  type AdapterAnswer,
  type AdapterRoute,
  describeAdapter,
  type ServeRoutes,
} from "../../src/testing/index.ts";
import { listen, sendByNode } from "./support/server.ts";

interface Company {
  readonly before?: readonly RequestHandler[];
  /** Mounted after the sessions, which are opened before, or it would come before all the same. */
  readonly after?: readonly RequestHandler[];
  /** What the handler does when it has answered. */
  readonly andThen?: (res: Response) => void;
  readonly deviations?: Readonly<Record<string, string>>;
}

/** Registers the suite's routes. Express 4 does not hear of a rejection unless it is told. */
function serveOn(
  make: typeof express,
  isRejectionHeard: boolean,
  { before = [], after, andThen }: Company = {},
): ServeRoutes {
  return (managers, routes) => {
    const app = make();
    for (const middleware of before) app.use(middleware);
    const open = after === undefined ? "on-demand" : "always";
    for (const sessions of managers) app.use(sessionMiddleware(sessions, { open }));
    for (const middleware of after ?? []) app.use(middleware);
    for (const { path, isMounted, handle } of routes) {
      const respond = async (request: Request, res: Response): Promise<void> => {
        const earlyHints = (link: string): void => res.writeEarlyHints({ link });
        await send(res, await handle({ request, earlyHints }));
        andThen?.(res);
      };
      const handler: RequestHandler = (req, res, next) =>
        isRejectionHeard ? respond(req, res) : void respond(req, res).catch(next);
      route(make, app, { path, isMounted }, handler);
    }
    return listen(createServer(app));
  };
}

function route(
  make: typeof express,
  app: Express,
  { path, isMounted }: Pick<AdapterRoute, "path" | "isMounted">,
  handler: RequestHandler,
): void {
  if (isMounted) app.use("/mounted", make.Router().all(path.slice("/mounted".length), handler));
  else app.all(path, handler);
}

async function send(res: Response, { status, headers, body, by }: AdapterAnswer): Promise<void> {
  if (by === "redirect") return res.redirect(status, String(new Headers(headers).get("location")));
  if (by === "error") throw Object.assign(new Error("The framework's own"), { status });
  res.status(status);
  for (const [name, value] of headers) res.append(name, value);
  if (typeof body === "string") res.send(body);
  else await sendByNode(res, { status, headers: [], body: body && flushed(body, res) });
}

/** Compression keeps what it is given until it is told to let go. */
async function* flushed(
  pieces: AsyncIterable<Uint8Array>,
  res: Response & { flush?(): void },
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    yield piece;
    res.flush?.();
  }
}

const COMPRESSED = "compression says by itself that a response varies with Accept-Encoding";
const ITS_OWN_VARY = {
  "an untouched session: asks the store nothing and adds no header where no session is opened":
    COMPRESSED,
  "reading: adds to the application's Vary, once": COMPRESSED,
  "streaming: sends a stream that opened no session as it is": COMPRESSED,
};

const IN_A_ROW =
  "the framework's own ways: answers requests that come in a row on one connection, each by its own session";

const CUT_EARLY =
  "what compression still holds is cut as well, and so there is no answer to break off";

/** Middlewares that many applications have, and what handlers do by mistake. */
const COMPANIES: Readonly<Record<string, Company>> = {
  "with compression before": {
    before: [compression({ threshold: 0 })],
    deviations: {
      ...ITS_OWN_VARY,
      "streaming: cuts the response where what changed after the first byte is lost": CUT_EARLY,
      "reporting: reports a response that breaks off": CUT_EARLY,
    },
  },
  "with compression after": {
    after: [compression({ threshold: 0 })],
    deviations: {
      ...ITS_OWN_VARY,
      "an untouched session: answers what opens no session while the store hangs":
        "every session is opened here, so that compression comes after",
      "pages of other sites: opens the session where the route allows it, and for nobody else":
        "every session is opened here, before the route could say so",
    },
  },
  "with helmet, cors and morgan": {
    before: [helmet(), cors(), morgan("tiny", { stream: { write: () => undefined } })],
  },
  "whose handlers answer twice": {
    andThen: (res) => {
      expect(() => res.status(500).json({ error: "a second answer" })).toThrow(
        expect.objectContaining({ code: "ERR_HTTP_HEADERS_SENT" }),
      );
    },
  },
  "whose handlers fail after their answer": {
    andThen: () => {
      throw new Error("A slip after the answer");
    },
    deviations: {
      "writing: sends a body of 5 MB whole":
        "Express destroys the connection, and the rest of a large body with it",
      [IN_A_ROW]: "Express destroys the connection, and what comes next on it",
    },
  },
};

// The types of Express 4 are near enough; an application has either.
const FRAMEWORKS = [
  ["Express 5", express, true],
  ["Express 4", express4 as unknown as typeof express, false],
] as const;

beforeAll(() => void vi.spyOn(console, "error").mockReturnValue());

for (const [name, make, isHeard] of FRAMEWORKS) {
  describeAdapter(name, serveOn(make, isHeard), { runner: { describe, it } });
  for (const [company, { deviations = {}, ...middlewares }] of Object.entries(COMPANIES)) {
    describeAdapter(`${name} ${company}`, serveOn(make, isHeard, middlewares), {
      runner: { describe, it },
      deviations,
    });
  }
}
