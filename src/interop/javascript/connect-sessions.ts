import { asObject, parseObject } from "../../core/json.ts";
import type { ForeignDocument, Unread } from "../foreign/foreign-sessions.ts";
import type { EpochMs } from "../python/time-bounds.ts";
import { CORRUPT, leftDocument } from "./left-behind.ts";
import { flashedIn, passportUser, timeIn, writtenBefore } from "./values.ts";

/** A store of express-session's and its kin, by what is asked of it: connect-redis and many others. */
export interface ConnectStore {
  get(id: string, done: (error: unknown, session?: unknown) => void): unknown;
  destroy(id: string, done: (error?: unknown) => void): unknown;
}

/** What lies in such a store under an id. */
export function storedSession(store: ConnectStore, id: string): Promise<unknown> {
  return called<unknown>((done) => store.get(id, done)).catch((error: unknown) => {
    // Stores over files tell of an absent session so, and express-session knows it.
    if (Object(error).code === "ENOENT") return undefined;
    throw error;
  });
}

/** Takes that away. */
export function destroyedSession(store: ConnectStore, id: string): Promise<unknown> {
  return called<undefined>((done) => store.destroy(id, done));
}

/** How long stores keep a session that says no end. */
const DAY_MS = 86_400_000;

/**
 * A session as it is stored: its data, and its `cookie`.
 *
 * @param trusts - `"store"`: what the store still gives is live, whatever end is written in it, as
 * express-session moves that end in many stores without writing it. `"end"`: both must hold.
 */
export function connectDocument(
  text: string,
  now: EpochMs,
  trusts: "store" | "end",
): ForeignDocument | Unread {
  const session = parseObject(text);
  const cookie = asObject(session?.["cookie"]);
  if (session === undefined || cookie === undefined) return CORRUPT;
  const { cookie: _, ...values } = session;
  const { originalMaxAge, expires } = cookie;
  const lifetimeMs = typeof originalMaxAge === "number" ? originalMaxAge : undefined;
  const said = timeIn(expires);
  const isOver = said !== undefined && said <= now;
  return leftDocument({
    values,
    userId: passportUser(values),
    persistent: said !== undefined,
    flash: flashedIn(values),
    endsAt:
      said === undefined || (isOver && trusts === "store") ? now + (lifetimeMs ?? DAY_MS) : said,
    writtenAt: writtenBefore(said, lifetimeMs, now),
  });
}

function called<T>(
  call: (done: (error: unknown, value?: T) => void) => unknown,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const done = (error: unknown, value?: T): void => {
      if (error === undefined || error === null) resolve(value);
      else reject(error);
    };
    // A store that is written with promises calls back too; its promise must not go unhandled.
    Promise.resolve(call(done)).catch(reject);
  });
}
