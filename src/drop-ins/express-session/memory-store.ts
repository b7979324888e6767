import { callable } from "./callable.ts";
import type { Done } from "./connect-store.ts";
import { isDate } from "./cookie-text.ts";
import type { Failure } from "./failure.ts";
import type { SessionData } from "./session-data.ts";
import { Store } from "./store.ts";

class SessionsInMemory extends Store {
  /** Each session's JSON under its id. */
  declare sessions: Record<string, string>;

  override get(
    sid: string,
    callback: (error: Failure, session?: SessionData | null) => void,
  ): void {
    setImmediate(callback, null, liveSession(this.sessions, sid));
  }

  override set(sid: string, session: SessionData, callback?: Done): void {
    this.sessions[sid] = JSON.stringify(session);
    later(callback);
  }

  override destroy(sid: string, callback?: Done): void {
    delete this.sessions[sid];
    later(callback);
  }

  override touch(sid: string, session: SessionData, callback?: () => void): void {
    const current = liveSession(this.sessions, sid);
    if (current !== undefined) {
      current.cookie = session.cookie;
      this.sessions[sid] = JSON.stringify(current);
    }
    later(callback);
  }

  override all(
    callback: (error: Failure, sessions?: { [sid: string]: SessionData } | null) => void,
  ): void {
    const found: { [sid: string]: SessionData } = Object.create(null);
    for (const sid of Object.keys(this.sessions)) {
      const session = liveSession(this.sessions, sid);
      if (session !== undefined) found[sid] = session;
    }
    if (callback) setImmediate(callback, null, found);
  }

  override length(callback: (error: Failure, length?: number) => void): void {
    this.all((error, sessions) => {
      if (error) callback(error);
      else callback(null, Object.keys(sessions ?? {}).length);
    });
  }

  override clear(callback?: Done): void {
    this.sessions = Object.create(null);
    later(callback);
  }
}

/**
 * Sessions in this process's memory, as express-session keeps them: for trying out. What has
 * expired and is not asked for stays.
 *
 * Sojourn's own `memoryStore()` has bounds, and keeps Sojourn's promises.
 */
export type MemoryStore = SessionsInMemory;
/**
 * Sessions in this process's memory, as express-session keeps them: for trying out.
 *
 * @example
 * import express from "express";
 * import session, { MemoryStore } from "sojourn/express-session";
 *
 * const app = express();
 * app.use(session({ secret: "keyboard cat", store: new MemoryStore() }));
 */
export const MemoryStore: typeof SessionsInMemory = callable(
  "MemoryStore",
  SessionsInMemory,
  (store) => {
    (Store as unknown as () => void).call(store);
    store.sessions = Object.create(null);
  },
);

function liveSession(sessions: Record<string, string>, sid: string): SessionData | undefined {
  const text = sessions[sid];
  if (text === undefined) return undefined;
  const session: SessionData = JSON.parse(text);
  if (!hasExpired(session.cookie?.expires)) return session;
  delete sessions[sid];
  return undefined;
}

function hasExpired(expires: unknown): boolean {
  if (!expires) return false;
  const at = typeof expires === "string" ? new Date(expires) : expires;
  return isDate(at) ? at.valueOf() <= Date.now() : Number(at) <= Date.now();
}

function later(callback: (() => void) | undefined): void {
  if (callback) setImmediate(callback);
}
