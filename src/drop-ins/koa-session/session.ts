import { inspect } from "node:util";
import type { Callback, SessionOptions, StoredSession } from "./types.ts";

/** What is asked of a commit. */
export interface CommitOptions {
  /** Whether it saves what has not changed, too. */
  readonly save?: boolean | undefined;
  /** Whether what is saved is saved under a new key, and the old one forgotten. */
  readonly regenerate?: boolean | undefined;
}

/** Who holds a session: the options of its request, and the way to its store. */
export interface Holder {
  readonly opts: SessionOptions;
  commit(options?: CommitOptions): Promise<void>;
}

/** A session with koa-session's own members; those that can be seen are called as there. */
export class Session {
  readonly #held: Holder;
  readonly #externalKey: string | undefined;
  isNew: boolean = false;
  /** Whether it is saved, changed or not. */
  _requireSave: boolean = false;
  /** When it expires: epoch ms, as it was stored. */
  _expire: number | undefined;

  constructor(held: Holder, stored: object | undefined, externalKey: string | undefined) {
    this.#held = held;
    this.#externalKey = externalKey;
    if (!stored) {
      this.isNew = true;
      return;
    }
    // What a session inherits counts, too: `for in`, as in koa-session.
    for (const key in stored) this.#take(key, Reflect.get(stored, key));
  }

  #take(key: string, value: unknown): void {
    if (key === "_maxAge") this.#held.opts.maxAge = value as number;
    else if (key === "_session") this.#held.opts.maxAge = "session";
    else Reflect.set(this, key, value);
  }

  /** What the application has put here: without functions, and names that begin with `_`. */
  toJSON(): StoredSession {
    const json: StoredSession = {};
    for (const key in this) {
      if (key === "isNew" || key.startsWith("_")) continue;
      const value: unknown = this[key];
      if (typeof value !== "function") json[key] = value;
    }
    return json;
  }

  static {
    // A name that is computed cannot stand in a class whose types are written out.
    Object.defineProperty(Session.prototype, inspect.custom, {
      value(this: Session) {
        return this.toJSON();
      },
    });
  }

  get length(): number {
    return Object.keys(this.toJSON()).length;
  }

  get populated(): boolean {
    return this.length > 0;
  }

  get maxAge(): number | "session" | undefined {
    return this.#held.opts.maxAge;
  }

  set maxAge(maxAge: number | "session" | undefined) {
    this.#held.opts.maxAge = maxAge;
    this._requireSave = true;
  }

  get externalKey(): string | undefined {
    return this.#externalKey;
  }

  save(callback?: Callback): Promise<void> | undefined {
    return this.commit({ save: true }, callback);
  }

  regenerate(callback?: Callback): Promise<void> | undefined {
    return this.commit({ regenerate: true }, callback);
  }

  manuallyCommit(): Promise<void> | undefined {
    return this.commit();
  }

  commit(options?: CommitOptions | Callback, callback?: Callback): Promise<void> | undefined {
    if (typeof options === "function") return this.commit({}, options);
    const done = this.#held.commit(options);
    if (typeof callback !== "function") return done;
    done.then(() => callback(), callback);
    return undefined;
  }
}
