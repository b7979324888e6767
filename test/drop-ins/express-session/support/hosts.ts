import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import express from "express";
import express4 from "express4";
import { onTestFinished } from "vitest";
import { listen } from "../../../frameworks/support/server.ts";

/** A request as express-session's users know it. */
export type AnyRequest = IncomingMessage & {
  // biome-ignore lint/suspicious/noExplicitAny: what is in a session is each test's own.
  session: any;
  sessionID: string;
  // biome-ignore lint/suspicious/noExplicitAny: two libraries' stores, of which each has its own type.
  sessionStore: any;
};

export type Next = (error?: unknown) => void;
export type Middleware = (request: never, response: never, next: never) => unknown;
export type Handle = (request: AnyRequest, response: ServerResponse, next: Next) => unknown;

type Mount = (middleware: readonly Middleware[], handle: Handle) => RequestListener;

/** Whoever calls a middleware with these three. */
export const HOSTS: Readonly<Record<string, Mount>> = {
  "Express 5": (middleware, handle) => onExpress(express as never, middleware, handle),
  "Express 4": (middleware, handle) => onExpress(express4 as never, middleware, handle),
  "plain node:http": (middleware, handle) => (request, response) =>
    call([...middleware, handle as unknown as Middleware], request, response),
};

/** Answers a failure with its status and message, as most error handlers do. */
function answerFailure(error: unknown, response: ServerResponse): void {
  if (response.headersSent) return;
  response.statusCode = (error as { status?: number }).status ?? 500;
  response.end(`failed: ${(error as Error).message}`);
}

function onExpress(
  make: typeof express,
  middleware: readonly Middleware[],
  handle: Handle,
): RequestListener {
  const app = make();
  for (const each of middleware) app.use(each as never);
  app.use(handle as never);
  app.use(((error: unknown, _req: unknown, res: ServerResponse, _next: unknown) =>
    answerFailure(error, res)) as never);
  return app as RequestListener;
}

function call(
  [first, ...rest]: readonly Middleware[],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const next = (error?: unknown): void => {
    if (error === undefined || error === null) call(rest, request, response);
    else answerFailure(error, response);
  };
  first?.(request as never, response as never, next as never);
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly cookies: readonly string[];
  readonly headers: Headers;
}

/** A browser that keeps one cookie. */
export class Browser {
  cookie: string;
  readonly #base: string;

  constructor(base: string, cookie = "") {
    this.#base = base;
    this.cookie = cookie;
  }

  async get(path = "/", init: RequestInit = {}): Promise<Answer> {
    const headers = { ...(this.cookie && { cookie: this.cookie }), ...init.headers };
    const response = await fetch(this.#base + path, { redirect: "manual", ...init, headers });
    const cookies = response.headers.getSetCookie();
    const [pair = ""] = cookies.at(-1)?.split(";", 1) ?? [];
    if (pair !== "") this.cookie = pair.endsWith("=") ? "" : pair;
    return {
      status: response.status,
      text: await response.text(),
      cookies,
      headers: response.headers,
    };
  }

  /** One more with the same cookie. */
  twin(): Browser {
    return new Browser(this.#base, this.cookie);
  }
}

/** Serves until the test is over. */
export async function browse(
  middleware: Middleware | readonly Middleware[],
  handle: Handle,
  host = "Express 5",
): Promise<Browser> {
  const all = typeof middleware === "function" ? [middleware] : middleware;
  const mount = HOSTS[host];
  if (mount === undefined) throw new Error(`There is no host ${host}.`);
  const { target, close } = await listen(createServer(mount(all, handle)));
  onTestFinished(async () => {
    await close?.();
  });
  return new Browser(target);
}
