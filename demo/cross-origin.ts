import type { Request, RequestHandler } from "express";
import { HttpError } from "./http-error.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether the request only looks. */
export function isSafe({ method }: Request): boolean {
  return SAFE_METHODS.has(method);
}

/**
 * Refuses forms that another site sends in the visitor's name (CSRF).
 *
 * The browser says where a request comes from in `Sec-Fetch-Site`. One too old to do so sends
 * `Origin`, which must then be this shop's, scheme and all. Neither comes from no browser, so there
 * is no visitor to abuse. The same rules as Go's `http.CrossOriginProtection`, but for the scheme:
 * Express knows it, behind a proxy by its setting `trust proxy`.
 */
export const refuseCrossOrigin: RequestHandler = (req, _res, next) => {
  next(isSafe(req) || isOwn(req) ? undefined : new HttpError(403));
};

function isOwn(req: Request): boolean {
  const site = req.get("sec-fetch-site");
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = req.get("origin");
  return origin === undefined || origin === `${req.protocol}://${req.get("host")}`;
}
