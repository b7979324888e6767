import { inspect } from "node:util";
import type { Cookie } from "../cookie.ts";
import type { SessionRequest } from "../request.ts";
import { Session, type SessionCallback } from "../session.ts";
import { FormerValues, type SessionValues } from "./session-values.ts";

/** Who does what a session is asked for. */
export interface SessionKeeper {
  readonly request: SessionRequest;
  readonly id: string;
  cookie: Cookie;
  save(): Promise<void>;
  reload(): Promise<void>;
  destroy(): Promise<void>;
  regenerate(): Promise<void>;
}

/** What `req.session` is: a `Session` whose properties are the engine's values. */
class SessionFace {
  readonly #keeper: SessionKeeper;
  #values: SessionValues;
  #shown: SessionFace = this;
  #formerId: string | undefined;

  static show(keeper: SessionKeeper, values: SessionValues): Session {
    const face = new SessionFace(keeper, values);
    face.#shown = new Proxy(face, HANDLER);
    return face.#shown as unknown as Session;
  }

  static valuesOf(face: SessionFace): SessionValues {
    return face.#values;
  }

  /** From here on it holds what it held, and none of it is stored. */
  static retire(face: SessionFace): void {
    if (face.#formerId !== undefined) return;
    face.#formerId = face.#keeper.id;
    face.#values = new FormerValues(face.#values);
  }

  constructor(keeper: SessionKeeper, values: SessionValues) {
    this.#keeper = keeper;
    this.#values = values;
  }

  get id(): string {
    return this.#formerId ?? this.#keeper.id;
  }

  get req(): SessionRequest {
    return this.#keeper.request;
  }

  get cookie(): Cookie {
    return this.#keeper.cookie;
  }

  set cookie(cookie: Cookie) {
    this.#keeper.cookie = cookie;
  }

  touch(): SessionFace {
    return this.resetMaxAge();
  }

  resetMaxAge(): SessionFace {
    const { cookie } = this.#keeper;
    cookie.maxAge = cookie.originalMaxAge;
    return this.#shown;
  }

  save(callback?: SessionCallback): SessionFace | Promise<void> {
    return this.#answer(callback, this.#keeper.save());
  }

  reload(callback?: SessionCallback): SessionFace | Promise<void> {
    return this.#answer(callback, this.#keeper.reload());
  }

  destroy(callback?: SessionCallback): SessionFace | Promise<void> {
    return this.#answer(callback, this.#keeper.destroy());
  }

  regenerate(callback?: SessionCallback): SessionFace | Promise<void> {
    return this.#answer(callback, this.#keeper.regenerate());
  }

  /** Node takes the method from behind the proxy, and calls it on the proxy. */
  [inspect.custom](): object {
    return { ...(#shown in this ? this.#shown : (this as SessionFace)) };
  }

  #answer(callback: SessionCallback | undefined, done: Promise<void>): SessionFace | Promise<void> {
    if (typeof callback !== "function") {
      done.catch(() => {});
      return done;
    }
    // In a turn of its own: what a callback throws is no failure of the session's.
    done.then(
      () => process.nextTick(callback),
      (error: unknown) => process.nextTick(callback, error),
    );
    return this.#shown;
  }
}

Object.setPrototypeOf(SessionFace.prototype, Session.prototype);
Object.defineProperty(SessionFace.prototype, "constructor", { value: Session });

/** Leads from what is shown to what is behind it. */
const BEHIND = Symbol("sojourn.behind");

/** What `req.session` is to be. */
export function showSession(keeper: SessionKeeper, values: SessionValues): Session {
  return SessionFace.show(keeper, values);
}

/** Whether this is what `showSession` has given, wrapped by others or not. */
export function isSession(session: object): boolean {
  return (session as Record<symbol, unknown>)[BEHIND] instanceof SessionFace;
}

/** Lets a session object stand for what it held, as another one takes its place. */
export function retireSession(session: unknown): void {
  const face: unknown = session ? (session as Record<symbol, unknown>)[BEHIND] : undefined;
  if (face instanceof SessionFace) SessionFace.retire(face);
}

/** What needs the face itself. Any other method asks what is shown: `hasOwnProperty`, and an application's. */
function isOurMethod(face: SessionFace, key: string | symbol, own: unknown): own is Method {
  if (typeof own !== "function" || key === "constructor") return false;
  return Object.hasOwn(SessionFace.prototype, key) && !Object.hasOwn(face, key);
}

type Method = (...args: unknown[]) => unknown;

const HANDLER: ProxyHandler<SessionFace> = {
  get(face, key) {
    if (typeof key === "string" && !(key in face)) return SessionFace.valuesOf(face).get(key);
    if (key === BEHIND) return face;
    const own: unknown = Reflect.get(face, key, face);
    return isOurMethod(face, key, own) ? own.bind(face) : own;
  },
  has(face, key) {
    return key in face || (typeof key === "string" && SessionFace.valuesOf(face).has(key));
  },
  set(face, key, value) {
    if (typeof key === "string" && !(key in face)) SessionFace.valuesOf(face).set(key, value);
    else if (key === "cookie") face.cookie = value;
    else Object.defineProperty(face, key, { value, configurable: true, writable: true });
    return true;
  },
  deleteProperty(face, key) {
    if (typeof key === "string" && !(key in face)) SessionFace.valuesOf(face).delete(key);
    else if (key !== "cookie") return Reflect.deleteProperty(face, key);
    return true;
  },
  defineProperty(face, key, descriptor) {
    const isData = typeof key === "string" && !(key in face) && "value" in descriptor;
    const isSeen = descriptor.enumerable === true || SessionFace.valuesOf(face).has(key as string);
    if (!isData || !isSeen) {
      return Reflect.defineProperty(face, key, { ...descriptor, configurable: true });
    }
    SessionFace.valuesOf(face).set(key, descriptor.value);
    return true;
  },
  ownKeys(face) {
    const own = Reflect.ownKeys(face);
    return ["cookie", ...SessionFace.valuesOf(face).keys(), ...own];
  },
  getOwnPropertyDescriptor(face, key) {
    const isData = key === "cookie" || (typeof key === "string" && !(key in face));
    if (!isData) return Reflect.getOwnPropertyDescriptor(face, key);
    const values = SessionFace.valuesOf(face);
    if (key !== "cookie" && !values.has(key)) return undefined;
    const value = key === "cookie" ? face.cookie : values.get(key);
    return { value, writable: true, enumerable: true, configurable: true };
  },
};
