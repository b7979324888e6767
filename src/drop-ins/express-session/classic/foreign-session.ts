import { promised, type Session, type SessionCallback, type SessionWatcher } from "../session.ts";

type Method = (callback?: SessionCallback) => unknown;

/**
 * Watches over a session that the store has made itself: a store that inherits from the package
 * express-session, as connect-redis does, makes that package's sessions.
 */
export function watchForeign(session: Session, watcher: SessionWatcher): void {
  wrap(session, "save", (really, callback, asked) => {
    watcher.saving(asked);
    return callback ? really(callback) : promised((done) => really(done));
  });
  wrap(session, "reload", (really, callback, asked) => {
    const reload = (done: SessionCallback): unknown =>
      really((error) => {
        watcher.reloaded(asked);
        done(error);
      });
    return callback ? reload(callback) : promised(reload);
  });
  for (const name of ["destroy", "regenerate"] as const) {
    wrap(session, name, (really, callback) =>
      callback ? really(callback) : promised((done) => really(done)),
    );
  }
}

function wrap(
  session: Session,
  name: "save" | "reload" | "destroy" | "regenerate",
  instead: (really: Method, callback: SessionCallback | undefined, asked: Session) => unknown,
): void {
  const original = session[name] as Method;
  // Of whom it is asked: that may be a Proxy over the session, or what inherits from it.
  function value(this: Session, callback?: SessionCallback): unknown {
    return instead(original.bind(this), callback, this);
  }
  Object.defineProperty(session, name, { value, configurable: true, writable: true });
}
