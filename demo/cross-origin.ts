import type { Request, RequestHandler } from "express";
import { HttpError } from "./http-error.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses forms that another site sends in the visitor's name (CSRF).
 *
 * The browser says where a request comes from in `Sec-Fetch-Site`. One too old to do so sends
 * `Origin`, which must then be this host. Neither comes from no browser, so there is no visitor to
 * abuse. The same rules as Go's `http.CrossOriginProtection`.
 */
export const refuseCrossOrigin: RequestHandler = (req, _res, next) => {
  next(SAFE_METHODS.has(req.method) || isOwn(req) ? undefined : new HttpError(403));
};

function isOwn(req: Request): boolean {
  const site = req.get("sec-fetch-site");
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = req.get("origin");
  return origin === undefined || URL.parse(origin)?.host === req.get("host");
}
