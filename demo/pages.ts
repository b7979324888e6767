import type { ErrorRequestHandler, Request, Response } from "express";
import { PrefetchError } from "sojourn";
import { HttpError } from "./http-error.ts";
import { type ErrorStatus, errorPage, hasOwnPage } from "./views/error.ts";
import { render, type View } from "./views/layout.ts";
import { type Services, strangerOf, type Visitor, visitorOf } from "./visitor.ts";

/** Answers with a page for the visitor who asked. */
export type Show = (req: Request, res: Response, view: View, status?: number) => Promise<void>;

export function pagesOf(services: Services): Show {
  return async (req, res, view, status = 200) => {
    res.status(status).send(render(view, await visitorOf(req, services)));
  };
}

/** The last handler: a page for every failure, by the `status` of its error. */
export function errorPages(services: Services): ErrorRequestHandler {
  return async (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error);
    const status = statusOf(error);
    const isMeant = error instanceof HttpError || error instanceof PrefetchError;
    // The operator reads what happened; the visitor reads only what it means. What the shop refuses
    // itself is no news: a flood would fill the log. A prefetch comes again with the visitor.
    if (status >= 500 && !isMeant) console.error(error);
    const retryAfter = error instanceof HttpError ? error.retryAfterSeconds : undefined;
    if (status === 503 || status === 429) res.set("Retry-After", String(retryAfter ?? 5));
    const visitor = await knownOrStranger(req, services);
    res.status(status).send(render(errorPage(pageFor(status)), visitor));
  };
}

/** The session itself may be what failed. */
async function knownOrStranger(req: Request, services: Services): Promise<Visitor> {
  try {
    return await visitorOf(req, services);
  } catch {
    return strangerOf(req);
  }
}

function statusOf(error: unknown): number {
  const status = typeof error === "object" && error !== null && "status" in error && error.status;
  return typeof status === "number" && status >= 400 && status < 600 ? status : 500;
}

function pageFor(status: number): ErrorStatus {
  if (hasOwnPage(status)) return status;
  return status < 500 ? 400 : 500;
}
