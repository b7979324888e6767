import type { ErrorRequestHandler, Request, Response } from "express";
import { PrefetchError } from "sojourn";
import { type ErrorStatus, errorPage } from "./views/error.ts";
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
    // The operator reads what happened; the visitor reads only what it means. A refused prefetch
    // is nobody's fault: the browser asks again when the visitor really comes.
    if (status >= 500 && !(error instanceof PrefetchError)) console.error(error);
    if (status === 503) res.set("Retry-After", "5");
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
  if (status === 403 || status === 404 || status === 409 || status === 503) return status;
  return status < 500 ? 400 : 500;
}
