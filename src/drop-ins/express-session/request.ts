import type { IncomingMessage, ServerResponse } from "node:http";
import type { ConnectStore } from "./connect-store.ts";
import type { RequestOfSession, Session } from "./session.ts";
import type { SessionData } from "./session-data.ts";
import type { Secret } from "./signature.ts";

/** A request as the middleware finds it: Node's, and what others may have put on it. */
export interface SessionRequest extends IncomingMessage, RequestOfSession {
  session?: (Session & Partial<SessionData>) | null | undefined;
  sessionID?: string | undefined;
  sessionStore?: ConnectStore;
  /** By Express and connect, where they are mounted below a path. */
  originalUrl?: string;
  /** By Express: whether the connection is secure, as far as its proxies are trusted. */
  secure?: boolean;
  /** By cookie-parser. */
  secret?: Secret;
  cookies?: Record<string, unknown>;
  signedCookies?: Record<string, unknown>;
}

/** Goes on to the next handler, or to the application's error handler. */
export type Next = (error?: unknown) => void;

/** A handler of Express's, connect's or anybody's who calls it with these three. */
export type Handler = (request: SessionRequest, response: ServerResponse, next: Next) => void;

/** Whether a request came over a connection that cookies with `Secure` may go back on. */
export function isSecure(request: SessionRequest, proxy: boolean | undefined): boolean {
  if ((request.socket as { encrypted?: boolean } | undefined)?.encrypted) return true;
  if (proxy === false) return false;
  if (proxy !== true) return request.secure === true;
  const header = request.headers["x-forwarded-proto"] ?? "";
  const [first = ""] = String(header).split(",", 1);
  return first.trim().toLowerCase() === "https";
}

/** The path that the browser asked for, wherever the middleware is mounted. */
export function pathOf(request: SessionRequest): string {
  const url = request.originalUrl ?? request.url ?? "";
  const path = url.startsWith("/") ? url : pathOfAbsolute(url);
  const end = path.search(/[?#]/);
  return (end === -1 ? path : path.slice(0, end)) || "/";
}

function pathOfAbsolute(url: string): string {
  return url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
}
