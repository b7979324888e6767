import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { Backend } from "./backend.ts";
import { type BridgedStore, BridgeStore } from "./bridge-store.ts";
import {
  BRIDGE_OPTIONS,
  type BridgeOptions,
  noticeOf,
  profileOf,
  requireMethods,
} from "./options.ts";

/**
 * A store made for express-session, as far as a bridge uses one. What it stores is `never` here, so
 * that each store's own type of a session fits.
 */
export interface ConnectStore {
  get(sid: string, callback: (error: unknown, session?: unknown) => void): unknown;
  set(sid: string, session: never, callback: (error?: unknown) => void): unknown;
}

/** How a connect-style store is used. */
export interface ConnectStoreOptions extends BridgeOptions {
  /**
   * How the store answers: by the callback that it is given, or by the promise that it returns.
   * Some do both, at different moments, so it is not guessed.
   *
   * @defaultValue "callback"
   */
  readonly answers?: "callback" | "promise" | undefined;
}

/**
 * Keeps sessions in any store made for express-session.
 *
 * The store keeps being yours: the bridge closes nothing. It cannot keep every law across
 * processes; its `profile.caveats` say which, and so does a warning at its first call.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { RedisStore } from "connect-redis";
 * import { createClient } from "redis";
 * import { createSessions } from "sojourn";
 * import { connectStore } from "sojourn/bridges";
 *
 * const client = createClient();
 * client.on("error", (error) => console.error(error));
 * await client.connect();
 * const sessions = createSessions({ store: connectStore(new RedisStore({ client })) });
 */
export function connectStore(store: ConnectStore, options: ConnectStoreOptions = {}): BridgedStore {
  requireMethods("connectStore(store)", store, ["get", "set"], ADVICE);
  requireKnownKeys("connectStore", options, [...BRIDGE_OPTIONS, "answers"]);
  const { answers = "callback" } = options;
  oneOf("connectStore.answers", answers, ["callback", "promise"]);
  return new BridgeStore({
    backend: backendOf(store, answers === "promise" ? promised : calledBack),
    profile: profileOf("connectStore", options.profile),
    prefix: "",
    notice: noticeOf("connectStore", options),
  });
}

const ADVICE =
  "takes a store made for express-session: an object with get(sid, callback) and " +
  "set(sid, session, callback).";

type Callback = (error?: unknown, value?: unknown) => void;
/** Waits for a store's answer. */
type Ask = (start: (callback: Callback) => unknown) => Promise<unknown>;

function backendOf(store: ConnectStore, ask: Ask): Backend {
  return {
    name: "a connect-style store",
    object: store,
    async get(sid) {
      const session = await ask((callback) => store.get(sid, callback)).catch(undefinedIfAbsent);
      if (session === undefined || session === null || session === false) return undefined;
      return Reflect.get(Object(session), "sojourn");
    },
    async set(sid, value, ttlMs) {
      const session = { cookie: cookieFor(ttlMs), sojourn: value };
      // Each store declares a type of its own, and reads nothing of it but the cookie.
      await ask((callback) => store.set(sid, session as never, callback));
    },
  };
}

/** From this object connect-style stores take the time to live; each knows other fields of it. */
function cookieFor(ttlMs: number): object {
  const expires = new Date(Date.now() + ttlMs);
  return { originalMaxAge: ttlMs, maxAge: ttlMs, expires, path: "/", httpOnly: true };
}

const calledBack: Ask = (start) =>
  new Promise((resolve, reject) => {
    const answered = start((error, value) => {
      if (error === undefined || error === null) resolve(value);
      else reject(error);
    });
    // An async method may fail before it calls back; that it ends well says nothing yet.
    if (answered instanceof Promise) answered.catch(reject);
  });

const promised: Ask = async (start) => start(() => undefined);

/**
 * express-session's contract: ENOENT means absent, as file stores say it. But for a socket file
 * that is not there, which means that the server is not.
 */
function undefinedIfAbsent(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") {
    if (!("syscall" in error) || error.syscall !== "connect") return undefined;
  }
  throw error;
}
