import { promised, type Session, type SessionCallback, WATCHER } from "../session.ts";

type Method = (this: Session, callback?: SessionCallback) => unknown;
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
  return function (this: Session, callback?: SessionCallback): unknown {
    if (name === "save") this[WATCHER]?.saving(this);
    const ask = (done: SessionCallback): unknown =>
      method.call(this, name === "reload" ? tellingReload(this, done) : done);
    return callback ? ask(callback) : promised(ask);
  };
}

function tellingReload(session: Session, done: SessionCallback): SessionCallback {
  return (error) => {
    session[WATCHER]?.reloaded(session);
    done(error);
  };
}
