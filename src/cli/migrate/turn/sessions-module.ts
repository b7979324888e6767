/** How a project's modules are written. */
export interface ModuleKind {
  readonly extension: string;
  readonly isTyped: boolean;
  /** `import` rather than `require`. */
  readonly isEsm: boolean;
}

/** The module that a half moved application has its sessions from. It imports nothing of it. */
export function sessionsModule({ isTyped, isEsm }: ModuleKind): string {
  if (isTyped) return TYPED;
  return isEsm ? PLAIN : COMMONJS;
}

const HEAD = `// The sessions of this application: req.session and sessions.open(req) are the same one.`;

const COMMONJS = `"use strict";

${HEAD}
const managers = new WeakMap();

/** Mounts the middleware, so that its sessions can be opened. */
exports.mounted = (middleware) =>
  Object.assign((req, res, next) => {
    managers.set(req, middleware.sessions);
    return middleware(req, res, next);
  }, middleware);

exports.sessions = {
  /** The session of a request. */
  async open(req) {
    const manager = managers.get(req);
    if (manager === undefined) throw new Error("No session: mount the middleware before this.");
    return manager.open(req);
  },
  /** The same, or undefined where the middleware has not been mounted. */
  async openIfMounted(req) {
    return managers.get(req)?.open(req);
  },
};

/** A handler whose failures Express hears of, as it does of those of a plain one. */
exports.caught = (handler) =>
  function (req, res, next) {
    return handler.call(this, req, res, next).catch(next);
  };

/** Sets what is left of a value in JSON, as a store keeps it; nothing is left of undefined. */
exports.setJson = (session, key, value) => {
  const text = JSON.stringify(value);
  if (text === undefined) session.delete(key);
  else session.set(key, JSON.parse(text));
};
`;

const PLAIN = COMMONJS.replace('"use strict";\n\n', "").replace(
  /^exports\.(\w+) =/gm,
  "export const $1 =",
);

const TYPED = `${HEAD}
import type { NextFunction, Request, RequestHandler, Response } from "express";
import type session from "sojourn/express-session";

type Middleware = ReturnType<typeof session>;
type Manager = Middleware["sessions"];
type Session = Awaited<ReturnType<Manager["open"]>>;
type Data = Parameters<Session["get"]>[0];

const managers = new WeakMap<object, Manager>();

/** Mounts the middleware, so that its sessions can be opened. */
export function mounted(middleware: Middleware): Middleware {
  const mounting = (req: Request, res: Response, next: NextFunction): unknown => {
    managers.set(req, middleware.sessions);
    return middleware(req, res, next);
  };
  return Object.assign(mounting, middleware) as Middleware;
}

export const sessions = {
  /** The session of a request. */
  async open(req: Parameters<Manager["open"]>[0]): Promise<Session> {
    const manager = managers.get(req);
    if (manager === undefined) throw new Error("No session: mount the middleware before this.");
    return manager.open(req) as Promise<Session>;
  },
  /** The same, or undefined where the middleware has not been mounted. */
  async openIfMounted(req: Parameters<Manager["open"]>[0]): Promise<Session | undefined> {
    return managers.get(req)?.open(req) as Promise<Session | undefined>;
  },
};

/** A handler whose failures Express hears of, as it does of those of a plain one. */
export function caught<P, R, B, Q>(
  handler: (...given: Parameters<RequestHandler<P, R, B, Q>>) => Promise<unknown>,
): RequestHandler<P, R, B, Q> {
  return (req, res, next) => void handler(req, res, next).catch(next);
}

/** Sets what is left of a value in JSON, as a store keeps it; nothing is left of undefined. */
export function setJson(session: Session, key: Data, value: unknown): void {
  const text = JSON.stringify(value);
  if (text === undefined) session.delete(key);
  else session.set(key, JSON.parse(text));
}
`;
