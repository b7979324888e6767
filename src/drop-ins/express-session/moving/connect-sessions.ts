import type { JsonObject } from "../../../core/json.ts";

/** A store made for express-session, as far as a move uses one. */
export interface TheirStore {
  get(sid: string, callback: (error: unknown, session?: unknown) => void): unknown;
  set(sid: string, session: never, callback: (error?: unknown) => void): unknown;
  destroy(sid: string, callback: (error?: unknown) => void): unknown;
  touch?: ((sid: string, session: never, callback: () => void) => unknown) | undefined;
  /** All sessions: by their ids, or each with its own as `id`. */
  all?: ((callback: (error: unknown, sessions?: unknown) => void) => unknown) | undefined;
  /** The names of all sessions' files, as session-file-store has it. */
  list?: ((callback: (error: unknown, names?: unknown) => void) => unknown) | undefined;
}

/** A session as express-session keeps it: its cookie, and beside it what the application has put in. */
export type KeptSession = JsonObject & { readonly cookie: JsonObject };

/** Such a store, asked by promises. */
export class ConnectSessions {
  readonly #store: TheirStore;

  constructor(store: TheirStore) {
    this.#store = store;
  }

  /** What is kept under an id, unless its own cookie says that it is over. */
  async get(sid: string): Promise<KeptSession | undefined> {
    const found = await asked((done) => this.#store.get(sid, done)).catch(undefinedIfAbsent);
    if (typeof found !== "object" || found === null) return undefined;
    // A store may hand out what it has, or a session with methods: here it is plain, and ours.
    const kept = JSON.parse(JSON.stringify(found)) as Partial<KeptSession>;
    if (typeof kept.cookie !== "object" || kept.cookie === null) return undefined;
    return isOver(kept.cookie) ? undefined : (kept as KeptSession);
  }

  async set(sid: string, session: object): Promise<void> {
    // Each store declares a type of its own, and reads nothing of it but the cookie.
    await asked((done) => this.#store.set(sid, session as never, done));
  }

  async destroy(sid: string): Promise<void> {
    await asked((done) => this.#store.destroy(sid, done)).catch(undefinedIfAbsent);
  }

  /** Lets a session live as long again. Resolves to `false` where it has to be set for that. */
  async touch(sid: string, session: object): Promise<boolean> {
    if (this.#store.touch === undefined) return false;
    await asked((done) => this.#store.touch?.(sid, session as never, done));
    return true;
  }

  /** The ids of all sessions; `undefined` where the store cannot tell. */
  async ids(): Promise<readonly string[] | undefined> {
    const { all, list } = this.#store;
    if (all !== undefined) return idsIn(await asked((done) => all.call(this.#store, done)));
    if (list === undefined) return undefined;
    const names = (await asked((done) => list.call(this.#store, done))) as readonly string[];
    return names.map((name) => name.replace(/\.[^.]*$/, ""));
  }
}

/** By its date, or by a lifetime of no time at all: their next touch makes a date of that. */
function isOver({ expires, originalMaxAge }: JsonObject): boolean {
  if (typeof originalMaxAge === "number" && originalMaxAge <= 0) return true;
  return typeof expires === "string" && Date.parse(expires) <= Date.now();
}

function idsIn(all: unknown): readonly string[] | undefined {
  if (typeof all !== "object" || all === null) return [];
  if (!Array.isArray(all)) return Object.keys(all);
  const ids = all.map((session) => Object(session).id as unknown);
  return ids.every((id) => typeof id === "string") ? (ids as string[]) : undefined;
}

type Done = (error?: unknown, value?: unknown) => void;

function asked(start: (done: Done) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const answered = start((error, value) => {
      if (error === undefined || error === null) resolve(value);
      else reject(error);
    });
    // An async method may fail before it calls back; that it ends well says nothing yet.
    if (answered instanceof Promise) answered.catch(reject);
  });
}

/** express-session's contract: ENOENT means absent, unless it is the server's socket that is. */
function undefinedIfAbsent(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") {
    if (!("syscall" in error) || error.syscall !== "connect") return undefined;
  }
  throw error;
}
