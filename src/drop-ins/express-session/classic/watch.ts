import { Session, type SessionWatcher, WATCHER } from "../session.ts";
import { letTell } from "./foreign-session.ts";

const { save, reload } = Session.prototype;

/**
 * Lets a session tell the watcher of each `save` and `reload`. Only the objects that a request was given
 * tell: a session that a handler has made by itself, and has saved, is not the request's.
 */
export function watch(session: Session | null | undefined, watcher: SessionWatcher): void {
  if (!session) return;
  const value = beside(session[WATCHER], watcher);
  Object.defineProperty(session, WATCHER, { value, configurable: true, writable: true });
  if (session.save !== save || session.reload !== reload) letTell(session);
}

/** A store may hand out one object to several requests at once: then each of them hears. */
function beside(before: SessionWatcher | undefined, watcher: SessionWatcher): SessionWatcher {
  if (before === undefined || before.isOver) return watcher;
  const all = before instanceof Watchers ? before.all : [before];
  return new Watchers([...all.filter((each) => !each.isOver), watcher]);
}

class Watchers implements SessionWatcher {
  readonly all: readonly SessionWatcher[];

  constructor(all: readonly SessionWatcher[]) {
    this.all = all;
  }

  get isOver(): boolean {
    return this.all.every((each) => each.isOver);
  }

  saving(session: Session): void {
    for (const each of this.all) each.saving(session);
  }

  reloaded(session: Session): void {
    for (const each of this.all) each.reloaded(session);
  }
}
