import { debuglog } from "node:util";
import { beforeHead } from "../before-head.ts";
import { CookieJar } from "./cookie-jar.ts";
import { Session } from "./session.ts";
import type {
  CookieSessionMiddleware,
  CookieSessionOptions,
  CookieSessionRequest,
} from "./types.ts";

export type { Key, Keygrip } from "./keygrip.ts";
export type { CookieAttributes } from "./set-cookie.ts";
export type {
  CookieSessionMiddleware,
  CookieSessionObject,
  CookieSessionOptions,
  CookieSessionRequest,
} from "./types.ts";

const debug = debuglog("cookie-session");

/**
 * Keeps the whole session in one signed cookie, which the visitor can read, keep and send again, as
 * cookie-session does: its call, its options, its `req.session` and its cookies, to the letter.
 *
 * @param options - As of cookie-session 2.1.
 * @throws Error where there are neither `keys` nor a `secret`, and `signed` is not `false`.
 * @example
 * import express from "express";
 * import { type CookieSessionRequest, cookieSession } from "sojourn/cookie-session";
 *
 * const app = express();
 * app.use(cookieSession({ keys: [process.env["COOKIE_KEY"] ?? "only in development"] }));
 * app.get("/", (req: Partial<CookieSessionRequest>, res) => {
 *   const session = (req.session ??= {});
 *   session["views"] = (session["views"] ?? 0) + 1;
 *   res.end(`Visit ${session["views"]}`);
 * });
 */
export function cookieSession(options: CookieSessionOptions = {}): CookieSessionMiddleware {
  const keys = options.keys || (options.secret ? [options.secret] : undefined);
  const name = options.name || "session";
  options.overwrite ??= true;
  options.httpOnly ??= true;
  options.signed ??= true;
  if (!keys && options.signed) throw new Error(".keys required.");
  return (req, res, next) => {
    const terms: CookieSessionOptions = Object.create(options);
    const held = new HeldSession(name, new CookieJar(req, res, keys), req);
    req.sessionOptions = terms as CookieSessionInterfaces.CookieSessionOptions;
    Object.defineProperty(req, "session", {
      configurable: true,
      enumerable: true,
      get: () => held.get(),
      set: (value: unknown) => held.set(value),
    });
    beforeHead(res, () => held.leave());
    next();
  };
}
export default cookieSession;
export { cookieSession as "module.exports" };

/** The session of one request, read when it is first asked for. */
class HeldSession {
  readonly #name: string;
  readonly #jar: CookieJar;
  readonly #req: Partial<CookieSessionRequest>;
  /** `null` once it is taken away; `undefined` while nobody has asked. */
  #session: Session | null | undefined;

  constructor(name: string, jar: CookieJar, req: Partial<CookieSessionRequest>) {
    this.#name = name;
    this.#jar = jar;
    this.#req = req;
  }

  get(): Session | null {
    if (this.#session === undefined) {
      const text = this.#jar.get(this.#name, this.#terms);
      this.#session = (text && Session.read(text)) || new Session();
    }
    return this.#session;
  }

  set(value: unknown): void {
    if (value === null || value === undefined) this.#session = null;
    else if (typeof value === "object") this.#session = new Session(value);
    else throw new Error("req.session can only be set as null or an object.");
  }

  /** What fails here is told to nobody, as in cookie-session: the response goes out without its cookie. */
  leave(): void {
    try {
      this.#tell(this.#session);
    } catch (error) {
      debug("error saving session %s", Object(error).message);
    }
  }

  #tell(session: Session | null | undefined): void {
    if (session === null) this.#jar.set(this.#name, "", this.#terms);
    else if (session && (!session.isNew || session.isPopulated) && session.isChanged) {
      this.#jar.set(this.#name, Session.write(session), this.#terms);
    }
  }

  get #terms(): CookieSessionOptions {
    return this.#req.sessionOptions ?? {};
  }
}
