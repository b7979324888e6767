import { debuglog } from "node:util";
import type { GetOption, SetOption } from "cookies";
import type { Held } from "./context.ts";
import { type CommitOptions, type Holder, Session } from "./session.ts";
import type {
  Context,
  ExternalStore,
  Session as FaceOfSession,
  SessionOptions,
  StoredSession,
} from "./types.ts";

const debug = debuglog("koa-session");

const DAY_MS = 24 * 60 * 60 * 1000;
/** A record outlives its cookie. */
const STORE_GRACE_MS = 10_000;

const UNREADABLE: unique symbol = Symbol("unreadable");

/** Why a session is saved; `undefined` where it is not. */
type Reason = "forced" | "changed" | "rolling" | "renewed" | undefined;

/** The session of one context: how it comes, and how it is saved, as koa-session does both. */
export class ContextSession implements Held, Holder {
  readonly ctx: Context;
  /** The options of this request. */
  readonly opts: SessionOptions;
  readonly store: ExternalStore | undefined;
  /** `false` once it is taken away; `undefined` while nobody has asked. */
  session: Session | false | undefined;
  externalKey: string | undefined;
  /** What it was as it came. koa-session keeps a CRC of that, which two sessions can share. */
  #before: string | undefined;

  constructor(ctx: Context, options: SessionOptions) {
    this.ctx = ctx;
    this.opts = { ...options };
    const { ContextStore, store } = this.opts;
    this.store = ContextStore ? new ContextStore(ctx) : (store as ExternalStore | undefined);
  }

  get(): Session | null {
    if (this.session === undefined) {
      if (this.store) this.#create();
      else this.#takeFromCookie();
    }
    return this.session || null;
  }

  set(value: unknown): void {
    if (value === null) this.session = false;
    // Under the key that it has, so that no record is left behind.
    else if (typeof value === "object") this.#create(value, this.externalKey);
    else throw new Error("this.session can only be set as null or an object.");
  }

  /** Takes the session from the store, before the middlewares that follow. */
  async initFromExternal(): Promise<void> {
    const { ctx, opts, store } = this;
    const key = opts.externalKey
      ? opts.externalKey.get(ctx)
      : ctx.cookies.get(opts.key, terms(opts));
    if (!key || store === undefined) {
      this.#create();
      return;
    }
    const stored = await store.get(key, opts.maxAge, { ctx, rolling: opts.rolling });
    if (this.#isValid(stored, key)) this.#takeUp(stored, key);
    else this.#create();
  }

  #takeFromCookie(): void {
    const { ctx, opts } = this;
    const text = ctx.cookies.get(opts.key, terms(opts));
    const stored = text ? this.#decoded(text) : UNREADABLE;
    if (stored !== UNREADABLE && this.#isValid(stored)) this.#takeUp(stored);
    else this.#create();
  }

  /** What the cookie holds. */
  #decoded(text: string): unknown {
    const { ctx, opts } = this;
    try {
      return opts.decode(text);
    } catch (error) {
      debug("decode %j error: %s", text, error);
      if (!(error instanceof Error) || error instanceof SyntaxError) return UNREADABLE;
      // The application's own `decode`: it would throw again, had the browser kept the cookie. Koa drops
      // the headers of an answer that fails but for those that the error names.
      ctx.cookies.set(opts.key, "", terms(opts));
      throw Object.assign(error, { headers: { "set-cookie": ctx.response.get("set-cookie") } });
    }
  }

  #takeUp(stored: object, key?: string): void {
    this.#before = JSON.stringify(this.#create(stored, key).toJSON());
  }

  #create(stored?: object, key?: string): Session {
    if (this.store) this.externalKey = key ?? this.opts.genid?.(this.ctx);
    this.session = new Session(this, stored, this.externalKey);
    return this.session;
  }

  #isValid(stored: unknown, key?: string): stored is StoredSession {
    const event = this.#refusalOf(stored);
    if (event === undefined) return true;
    const { ctx } = this;
    setImmediate(() => ctx.app.emit(`session:${event}`, { key, value: stored, ctx }));
    return false;
  }

  /** The event that tells why what was stored is not believed. */
  #refusalOf(stored: unknown): "missed" | "expired" | "invalid" | undefined {
    if (!stored) return "missed";
    const { _expire: expire } = Object(stored) as StoredSession;
    if (typeof expire === "number" && expire < Date.now()) return "expired";
    const { valid } = this.opts;
    const isRefused = typeof valid === "function" && !valid(this.ctx, stored as StoredSession);
    return isRefused ? "invalid" : undefined;
  }

  /** Saves or forgets the session, where there is something to be done. */
  async commit({ save = false, regenerate = false }: CommitOptions = {}): Promise<void> {
    const { session, opts, ctx } = this;
    if (session === undefined) return;
    if (session === false) return this.#remove();
    if (regenerate) {
      await this.#remove();
      if (this.store) this.externalKey = opts.genid?.(ctx);
    }
    const isForced = save || regenerate || session._requireSave;
    const reason = isForced ? "forced" : this.#reasonToSave(session);
    if (reason === undefined) return;
    opts.beforeSave?.(ctx, session as unknown as FaceOfSession);
    await this.#save(session, reason === "changed");
  }

  #reasonToSave(session: Session): Reason {
    const json = session.toJSON();
    if (this.#before === undefined && Object.keys(json).length === 0) return undefined;
    if (this.#before !== JSON.stringify(json)) return "changed";
    if (this.opts.rolling) return "rolling";
    const { _expire: expire, maxAge } = session;
    const isRenewed = this.opts.renew && expire && typeof maxAge === "number";
    return isRenewed && expire - Date.now() < maxAge / 2 ? "renewed" : undefined;
  }

  async #remove(): Promise<void> {
    const { ctx, opts, store, externalKey } = this;
    if (externalKey) await store?.destroy(externalKey, { ctx });
    ctx.cookies.set(opts.key, "", {
      ...terms(opts),
      expires: new Date(0),
      maxAge: undefined,
    });
  }

  async #save(session: Session, changed: boolean): Promise<void> {
    const { ctx, opts, store, externalKey } = this;
    const json = session.toJSON();
    const maxAge = opts.maxAge || DAY_MS;
    if (maxAge === "session") {
      opts.maxAge = undefined;
      json._session = true;
    } else {
      json._expire = maxAge + Date.now();
      json._maxAge = maxAge;
    }
    if (!externalKey) return this.#send(opts.encode(json));
    const kept = maxAge === "session" ? maxAge : maxAge + STORE_GRACE_MS;
    await store?.set(externalKey, json, kept, { changed, ctx, rolling: opts.rolling });
    if (opts.externalKey) opts.externalKey.set(ctx, externalKey);
    else this.#send(externalKey);
  }

  #send(value: string): void {
    this.ctx.cookies.set(this.opts.key, value, terms(this.opts));
  }
}

/** The options go to Koa's cookies as they are, with those of them that are cookies' own. */
function terms(options: SessionOptions): GetOption & SetOption {
  return options as unknown as GetOption & SetOption;
}
