import type { RequestHandler } from "express";

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "font-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

const HEADERS = {
  "Content-Security-Policy": POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
  // Not "no-referrer", which would turn the Origin of the shop's own forms into "null".
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
};

/** Tells browsers to run only what the shop itself serves, and to frame it nowhere. */
export const protectiveHeaders: RequestHandler = (req, res, next) => {
  res.set(HEADERS);
  if (req.secure) res.set("Strict-Transport-Security", "max-age=31536000");
  next();
};
