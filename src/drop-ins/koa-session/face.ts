import { inspect } from "node:util";
import { CodecError, OptionsError } from "../../core/errors.ts";
import type { Session } from "../../core/session.ts";
import type { Untyped } from "../../create-sessions.ts";
import type { CommitOptions, Holder } from "./session.ts";
import type { Callback, Session as Face } from "./types.ts";

/**
 * A session of ours as koa-session shows one: `face.x = y` is `set("x", y)`. Every key is read and written
 * in the session itself, so that both faces of one request agree.
 */
export function faceOf(session: Session<Untyped>, holder: Holder): Face {
  return new Proxy(membersOf(session, holder), new Keys(session)) as Face;
}

/** What is no key, but koa-session's own. */
function membersOf(session: Session<Untyped>, holder: Holder): object {
  const toJSON = (): object => Object.fromEntries(session.entries());
  const commit = (options: CommitOptions, callback?: Callback): Promise<void> | undefined => {
    const done = holder.commit(options);
    if (typeof callback !== "function") return done;
    done.then(() => callback(), callback);
    return undefined;
  };
  return {
    toJSON,
    [inspect.custom]: toJSON,
    get isNew() {
      return session.isNew;
    },
    get length() {
      return Object.keys(toJSON()).length;
    },
    get populated() {
      return Object.keys(toJSON()).length > 0;
    },
    get externalKey() {
      return session.id;
    },
    get maxAge() {
      return holder.opts.maxAge;
    },
    set maxAge(_) {
      throw new OptionsError(
        "ctx.session.maxAge",
        "cannot be changed over a store of sojourn. Write session.signIn(userId, { persistent: true }) " +
          "for who wants to be remembered, where session is await sessions.open(ctx).",
      );
    },
    save: (callback?: Callback) => commit({ save: true }, callback),
    regenerate: (callback?: Callback) => commit({ regenerate: true }, callback),
    manuallyCommit: () => commit({}),
    commit,
  };
}

/** Leads names that are no members to the session's keys. */
class Keys implements ProxyHandler<object> {
  readonly #session: Session<Untyped>;

  constructor(session: Session<Untyped>) {
    this.#session = session;
  }

  get(members: object, name: string | symbol): unknown {
    return isKey(members, name) ? this.#session.get(name) : Reflect.get(members, name);
  }

  has(members: object, name: string | symbol): boolean {
    return isKey(members, name) ? this.#session.has(name) : true;
  }

  set(members: object, name: string | symbol, value: unknown): boolean {
    if (!isKey(members, name)) return Reflect.set(members, name, value);
    // JSON knows none of them: koa-session's store would not have kept them.
    if (NO_JSON.has(typeof value)) this.#session.delete(name);
    else this.#store(name, value);
    return true;
  }

  deleteProperty(members: object, name: string | symbol): boolean {
    if (isKey(members, name)) this.#session.delete(name);
    return true;
  }

  ownKeys(): string[] {
    return Array.from(this.#session.entries(), ([key]) => key);
  }

  getOwnPropertyDescriptor(members: object, name: string | symbol): PropertyDescriptor | undefined {
    if (!isKey(members, name) || !this.#session.has(name)) return undefined;
    const value: unknown = this.#session.get(name);
    return { value, writable: true, enumerable: true, configurable: true };
  }

  defineProperty(members: object, name: string | symbol, { value }: PropertyDescriptor): boolean {
    return this.set(members, name, value);
  }

  /** As it is, so that later changes in it count; what is no JSON as what JSON makes of it: a date as text. */
  #store(key: string, value: unknown): void {
    try {
      this.#session.set(key, value);
    } catch (error) {
      const text: string | undefined = error instanceof CodecError ? asJson(value) : undefined;
      if (text === undefined) throw error;
      this.#session.set(key, JSON.parse(text));
    }
  }
}

const NO_JSON: ReadonlySet<string> = new Set(["undefined", "function", "symbol"]);

function isKey(members: object, name: string | symbol): name is string {
  return typeof name === "string" && !(name in members);
}

function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
