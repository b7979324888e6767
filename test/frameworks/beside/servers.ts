import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import compression from "compression";
import cors from "cors";
import express, {
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import express4 from "express4";
import helmet from "helmet";
import morgan from "morgan";
import { plainText } from "../../../src/core/errors.ts";
import { sessionMiddleware as expressSessions } from "../../../src/frameworks/express.ts";
import { sessionMiddleware as nodeSessions } from "../../../src/frameworks/node.ts";
import type { shop } from "../support/shop.ts";
import type { Call, ExpressCall, Route } from "./routes.ts";
import { type Stand, standOf, type Visit } from "./stand.ts";

export const FRAMEWORKS = ["node:http", "Express 4", "Express 5"] as const;
export type Framework = (typeof FRAMEWORKS)[number];

export const COMPANIES = [
  "alone",
  "with compression before",
  "with compression after",
  "with helmet, cors and morgan",
] as const;
export type Company = (typeof COMPANIES)[number];

/** What happens to the session of a request; `undefined` where there are no sessions at all. */
export interface Sojourn extends ReturnType<typeof shop> {
  prepare(request: IncomingMessage): Promise<void>;
}

type Routes = readonly Route<Call | ExpressCall>[];

/** Serves the routes by their numbers, `/0` and on, and `/after`. */
export function stand(
  framework: Framework,
  company: Company,
  routes: Routes,
  folder: string,
  sojourn?: Sojourn,
): Promise<Stand> {
  const visits = new Map<string, Visit>();
  const table = new Table(routes, folder, visits, sojourn);
  const server =
    framework === "node:http"
      ? nodeServer(company, table, sojourn)
      : expressServer(framework, company, table, sojourn);
  return standOf(server, visits);
}

class Table {
  readonly #routes: Routes;
  readonly #folder: string;
  readonly #visits: Map<string, Visit>;
  readonly #sojourn: Sojourn | undefined;

  constructor(
    routes: Routes,
    folder: string,
    visits: Map<string, Visit>,
    sojourn: Sojourn | undefined,
  ) {
    this.#routes = routes;
    this.#folder = folder;
    this.#visits = visits;
    this.#sojourn = sojourn;
  }

  async handle(req: IncomingMessage, res: ServerResponse, next: NextFunction): Promise<void> {
    if (req.url === "/after") return void res.end("after");
    const heard: string[] = [];
    const done = Promise.withResolvers<void>();
    this.#visits.set(String(req.headers["x-id"]), { heard, done: done.promise });
    const hear = (what: string): void => void heard.push(what);
    const call = { req, res, next, hear, folder: this.#folder } as ExpressCall;
    try {
      await this.#sojourn?.prepare(req);
      await this.#routes[Number(req.url?.slice(1))]?.handle(call);
    } finally {
      done.resolve();
    }
  }
}

function nodeServer(company: Company, table: Table, sojourn: Sojourn | undefined): Server {
  const withSessions = sojourn && nodeSessions(sojourn.sessions);
  const compress = compression() as unknown as (
    req: IncomingMessage,
    res: ServerResponse,
    next: () => void,
  ) => void;
  const isCompressed = company.includes("compression");
  return createServer((req, res) => {
    const handle = (): Promise<void> => table.handle(req, res, () => undefined);
    const run = (): void => {
      if (withSessions !== undefined) void withSessions(req, res, handle);
      else handle().catch(() => answer(res));
    };
    if (isCompressed) compress(req, res, run);
    else run();
  });
}

/** What our adapter does about a handler that fails, on plain Node. */
function answer(res: ServerResponse): void {
  if (res.writableEnded) return;
  if (res.headersSent) return void res.destroy();
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  res.statusMessage = "";
  const body = plainText(500);
  res.writeHead(500, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(body),
  });
  res.end(body);
}

function expressServer(
  framework: Framework,
  company: Company,
  table: Table,
  sojourn: Sojourn | undefined,
): Server {
  const make = framework === "Express 5" ? express : (express4 as unknown as typeof express);
  const app = make();
  // No stack of ours, which is another one than plain Express's, on its error page.
  app.set("env", "production");
  for (const middleware of middlewares(company, sojourn)) app.use(middleware);
  app.all(/.*/, (req: Request, res: Response, next: NextFunction) => {
    table.handle(req, res, next).catch(next);
  });
  return createServer(app);
}

function middlewares(company: Company, sojourn: Sojourn | undefined): RequestHandler[] {
  const sessions = sojourn === undefined ? [] : [expressSessions(sojourn.sessions)];
  switch (company) {
    case "with compression before":
      return [compression(), ...sessions];
    case "with compression after":
      return [...sessions, compression()];
    case "with helmet, cors and morgan":
      return [
        helmet(),
        cors(),
        morgan("tiny", { stream: { write: () => undefined } }),
        ...sessions,
      ];
    default:
      return sessions;
  }
}
