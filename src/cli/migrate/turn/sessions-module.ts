/** How a project's modules are written. */
export interface ModuleKind {
  readonly extension: string;
  readonly isTyped: boolean;
  /** `import` rather than `require`. */
  readonly isEsm: boolean;
  /** The extension that the project's imports have; `""` for none, `undefined` where none is known. */
  readonly spelling: string | undefined;
}

/** The module that a half moved application has its sessions from. It imports nothing of it. */
export function sessionsModule({ isTyped, isEsm }: Omit<ModuleKind, "spelling">): string {
  if (isTyped) return TYPED;
  return isEsm ? PLAIN : COMMONJS;
}

const HEAD =
  "// The sessions of this application: req.session and sessions.open(req) are the same one.";

/** Whether a file is that module, however it has been formatted. */
export function isSessionsModule(source: string): boolean {
  return source.includes(HEAD);
}

const COMMONJS = `"use strict";

${HEAD}
const managers = new WeakMap();

/** Mounts the middleware, and knows its manager where the store is one of sojourn's. */
exports.mounted = (middleware) =>
  Object.assign((req, res, next) => {
    if (middleware.sessions !== undefined) managers.set(req, middleware.sessions);
    return middleware(req, res, next);
  }, middleware);

/** What other stores and tests put on a request, under the names of a session of sojourn's. */
const sessionOn = (req) => {
  const done = (method) =>
    new Promise((resolve, reject) => {
      req.session[method]((error) => (error ? reject(error) : resolve()));
    });
  return {
    get id() {
      return req.sessionID;
    },
    get: (key) => req.session[key],
    has: (key) => key in req.session,
    set: (key, value) => {
      req.session[key] = value;
    },
    delete: (key) => {
      delete req.session[key];
    },
    update: async (key, next) => {
      const value = next(req.session[key]);
      // What sojourn exports as REMOVE.
      if (value === Symbol.for("sojourn.remove")) delete req.session[key];
      else req.session[key] = value;
      return req.session[key];
    },
    save: () => done("save"),
    signOut: () => done("regenerate"),
    destroy: () => done("destroy"),
  };
};

exports.sessions = {
  /** The session of a request. */
  open: async (req) => managers.get(req)?.open(req) ?? sessionOn(req),
  /** The same, or undefined where a request has none. */
  openIfMounted: async (req) => (req.session ? exports.sessions.open(req) : undefined),
};

/** A handler whose failures Express hears of, as it does of those of a plain one. */
exports.caught = (handler) =>
  function (req, res, next) {
    return handler.call(this, req, res, next).catch(next);
  };

/** Calls back when it is done, or has failed, as express-session's own methods do. */
exports.calledBack = (done, callback) =>
  done.then(
    () => callback?.(),
    (error) => callback?.(error),
  );

/** Sets what is left of a value in JSON, as a store keeps it; nothing is left of undefined. */
exports.setJson = (session, key, value) => {
  const text = JSON.stringify(value);
  if (text === undefined) session.delete(key);
  else session.set(key, JSON.parse(text));
};
`;

const PLAIN = COMMONJS.replace('"use strict";\n\n', "")
  .replace(/^exports\.(\w+) =/gm, "export const $1 =")
  .replace("exports.sessions.open", "sessions.open");

const TYPED = `${HEAD}
import type { Request, RequestHandler, Response } from "express";
import type { Session, Sessions } from "sojourn";
import type { SessionData } from "sojourn/express-session";

type Data = Partial<Omit<SessionData, "cookie">>;

/** What the handlers have of a session. One of sojourn's own stores has more. */
type OpenedSession = Pick<
  Session<Data>,
  "id" | "get" | "has" | "set" | "delete" | "update" | "save" | "signOut" | "destroy"
>;

type WithSession = Pick<Request, "session" | "sessionID">;

/** Whatever a response may send. */
type Sent = Parameters<Response["send"]>[0];

const managers = new WeakMap<object, Sessions<Data>>();

/** Mounts the middleware, and knows its manager where the store is one of sojourn's. */
export function mounted(
  middleware: RequestHandler & { readonly sessions?: Sessions<Data> },
): RequestHandler {
  const { sessions: manager } = middleware;
  return (req, res, next) => {
    if (manager !== undefined) managers.set(req, manager);
    return middleware(req, res, next);
  };
}

/** What other stores and tests put on a request, under the names of a session of sojourn's. */
function sessionOn(req: WithSession): OpenedSession {
  const data = (): Record<string, unknown> => req.session as unknown as Record<string, unknown>;
  const done = (method: "save" | "regenerate" | "destroy"): Promise<void> =>
    new Promise((resolve, reject) => {
      req.session[method]((error: unknown) => (error ? reject(error) : resolve()));
    });
  return {
    get id() {
      return req.sessionID;
    },
    get: (key) => data()[key] as never,
    has: (key) => key in data(),
    set: (key, value) => {
      data()[key] = value;
    },
    delete: (key) => {
      delete data()[key];
    },
    update: async (key, next) => {
      const value: unknown = next(data()[key] as never);
      // What sojourn exports as REMOVE.
      if (value === Symbol.for("sojourn.remove")) delete data()[key];
      else data()[key] = value;
      return data()[key] as never;
    },
    save: () => done("save"),
    signOut: () => done("regenerate"),
    destroy: () => done("destroy"),
  };
}

export const sessions = {
  /** The session of a request. */
  async open(req: WithSession): Promise<OpenedSession> {
    return (await managers.get(req)?.open(req)) ?? sessionOn(req);
  },
  /** The same, or undefined where a request has none: as of req.session, its type does not say so. */
  async openIfMounted(req: WithSession): Promise<OpenedSession> {
    return req.session ? this.open(req) : (undefined as never);
  },
};

/** A handler whose failures Express hears of, as it does of those of a plain one. */
export function caught<P = Request["params"], B = Request["body"], Q = Request["query"]>(
  handler: (...given: Parameters<RequestHandler<P, Sent, B, Q>>) => Promise<unknown>,
): RequestHandler<P, Sent, B, Q> {
  return (req, res, next) => void handler(req, res, next).catch(next);
}

/** Calls back when it is done, or has failed, as express-session's own methods do. */
export function calledBack<E>(
  done: Promise<void>,
  callback: ((error: E) => void) | undefined,
): Promise<void> {
  return done.then(
    () => callback?.(undefined as E),
    (error) => callback?.(error),
  );
}

/** Sets what is left of a value in JSON, as a store keeps it; nothing is left of undefined. */
export function setJson<K extends keyof Data>(
  session: OpenedSession,
  key: K,
  value: Data[K],
): void {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) session.delete(key);
  else session.set(key, JSON.parse(text));
}
`;
