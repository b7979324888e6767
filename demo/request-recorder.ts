import type { Request, RequestHandler, Response } from "express";
import type { Answered } from "./session-log.ts";
import type { Services } from "./visitor.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Notes each request that may change a session, for the session's own log. */
export function recordRequests({ sessions, log }: Services): RequestHandler {
  return async (req, res, next) => {
    if (SAFE_METHODS.has(req.method)) return next();
    // What another site's page has sent gets no further than this (CSRF).
    const session = await sessions.open(req);
    res.once("finish", () => {
      const answered = answeredBy(req, res);
      const isKept = !session.isEnded && (!session.isNew || answered?.cookie !== undefined);
      if (isKept && answered !== undefined) log.answered(session.id, answered);
    });
    next();
  };
}

/** `undefined` where no route answered. */
function answeredBy(req: Request, res: Response): Answered | undefined {
  const route: unknown = req.route;
  if (!isRoute(route)) return undefined;
  return {
    at: Date.now(),
    // The route's pattern, not the path, so that nothing a visitor wrote is shown.
    what: `${req.method} ${route.path}`,
    status: res.statusCode,
    code: sourceOf(route.stack.at(-1)?.handle),
    cookie: lastCookie(res),
  };
}

interface Route {
  readonly path: unknown;
  readonly stack: readonly { readonly handle?: unknown }[];
}

function isRoute(route: unknown): route is Route {
  return typeof route === "object" && route !== null && "stack" in route && "path" in route;
}

/** The handler as it is written, moved to the left margin. */
function sourceOf(handler: unknown): string {
  const [first = "", ...rest] = String(handler).split("\n");
  const margin = Math.min(...rest.filter((line) => line.trim() !== "").map(indentOf));
  return [first, ...rest.map((line) => line.slice(margin))].join("\n");
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

function lastCookie(res: Response): string | undefined {
  const lines = [res.getHeader("Set-Cookie") ?? []].flat().map(String);
  return lines.map(withoutSecret).at(-1);
}

/** Of the 256 bits of a token, 24 remain to be seen. */
function withoutSecret(line: string): string {
  return line.replace(/^([^=]*=)([^;]{0,4})[^;]*/, "$1$2••••••••");
}
