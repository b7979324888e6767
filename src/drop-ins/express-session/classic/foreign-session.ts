import { type Session, type SessionCallback, WATCHER } from "../session.ts";

type Method = (this: Session, ...given: unknown[]) => unknown;
type Name = "save" | "reload" | "destroy" | "regenerate";

/** For each method what stands for it, one for all sessions that have it: to make one takes long. */
const standIns: readonly (readonly [Name, WeakMap<Method, Method>])[] = [
  ["save", new WeakMap()],
  ["reload", new WeakMap()],
  ["destroy", new WeakMap()],
  ["regenerate", new WeakMap()],
];

/** Lets a session of a store's own kind tell its watcher, and give promises, as ours does. */
export function letTell(session: Session): void {
  for (const [name, known] of standIns) {
    const method = session[name] as Method | undefined;
    if (typeof method !== "function") continue;
    const value = known.get(method) ?? standIn(name, method);
    // For itself, too: a store may hand out one object again and again.
    if (value !== method) known.set(method, value).set(value, value);
    Reflect.defineProperty(session, name, { value, configurable: true, writable: true });
  }
}

function standIn(name: Name, method: Method): Method {
  // Of whom it is asked: that may be a Proxy over the session, or what inherits from it.
  return function (this: Session, ...given: unknown[]): unknown {
    if (name === "save") this[WATCHER]?.saving(this);
    const ask = (...args: unknown[]): unknown =>
      method.apply(this, name === "reload" ? args.map((each) => tellingReload(this, each)) : args);
    return given.some(Boolean) ? ask(...given) : outcomeOf(ask);
  };
}

function tellingReload(session: Session, given: unknown): unknown {
  if (typeof given !== "function") return given;
  return function (this: unknown, ...answer: unknown[]): unknown {
    session[WATCHER]?.reloaded(session);
    return given.apply(this, answer);
  };
}

/** A promise of what is called back; or, of a method that gives a promise itself, of what that comes to. */
function outcomeOf(ask: (done: SessionCallback) => unknown): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  promise.catch(() => {});
  let own: unknown;
  own = ask((error) => {
    if (error) reject(error);
    else if (!isPromise(own)) resolve(undefined);
  });
  if (isPromise(own)) own.then(resolve, reject);
  return promise;
}

/** Of whatever class. */
function isPromise(given: unknown): given is PromiseLike<unknown> {
  return typeof (given as Partial<PromiseLike<unknown>> | undefined)?.then === "function";
}
