import {
  promised,
  type RequestOfSession,
  type Session,
  type SessionCallback,
  type SessionWatcher,
  WATCHER,
} from "../session.ts";

type Method = (this: Session, callback?: SessionCallback) => unknown;

const METHODS = ["save", "reload", "destroy", "regenerate"] as const;

/** For each prototype of stores' sessions one that inherits from it, and whose methods tell the watcher. */
const telling = new WeakMap<object, object>();
const tells = new WeakSet<object>();

/**
 * Lets a session that the store has made itself tell its request's watcher, as ours does: a store that
 * inherits from the package express-session, as connect-redis does, makes that package's sessions.
 */
export function letTell(session: Session): void {
  // One prototype for all of them: to wrap four methods of each takes longer than to read it.
  Object.setPrototypeOf(session, tellingOver(Object.getPrototypeOf(session)));
  for (const name of METHODS) {
    if (!Object.hasOwn(session, name)) continue;
    const own = session[name] as Method;
    if (!tells.has(own)) wrap(session, name, () => own);
  }
}

function tellingOver(prototype: Session): object {
  const known = telling.get(prototype);
  if (known !== undefined) return known;
  const made: object = Object.create(prototype);
  for (const name of METHODS) {
    // Looked up at each call: it may be replaced at any time.
    if (name in prototype) wrap(made, name, () => prototype[name] as Method);
  }
  telling.set(prototype, made);
  // A store may hand out one object again and again.
  telling.set(made, made);
  return made;
}

function wrap(target: object, name: (typeof METHODS)[number], original: () => Method): void {
  // Of whom it is asked: that may be a Proxy over the session, or what inherits from it.
  function value(this: Session, callback?: SessionCallback): unknown {
    if (name === "save") watcherOf(this)?.saving(this);
    const ask = (done: SessionCallback): unknown =>
      original().call(this, name === "reload" ? tellingReload(this, done) : done);
    return callback ? ask(callback) : promised(ask);
  }
  tells.add(value);
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}

function tellingReload(session: Session, done: SessionCallback): SessionCallback {
  return (error) => {
    watcherOf(session)?.reloaded(session);
    done(error);
  };
}

/** A session of a store's own kind may know no request. */
function watcherOf({ req }: { readonly req?: RequestOfSession }): SessionWatcher | undefined {
  return req?.[WATCHER];
}
