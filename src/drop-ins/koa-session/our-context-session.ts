import { behind } from "../../core/request/behind.ts";
import type { Session } from "../../core/session.ts";
import type { Untyped } from "../../create-sessions.ts";
import type { Held } from "./context.ts";
import { faceOf } from "./face.ts";
import type { CommitOptions } from "./session.ts";
import type { Context, Session as Face, SessionOptions } from "./types.ts";

/** The session of one context, which is one of ours with koa-session's face. */
export class OurContextSession implements Held {
  readonly #ctx: Context;
  readonly opts: SessionOptions;
  #session: Session<Untyped> | undefined;
  #face: Face | undefined;
  #isGivenUp: boolean = false;

  constructor(ctx: Context, options: SessionOptions) {
    this.#ctx = ctx;
    this.opts = { ...options };
  }

  begin(session: Session<Untyped>): void {
    this.#session = session;
    this.#face = faceOf(session, this);
  }

  get(): Face | null {
    // As `ctx.session` is read before the middleware: koa-session has an empty one there.
    if (this.#face === undefined) throw new TypeError(EARLY);
    return this.#isGivenUp ? null : this.#face;
  }

  set(value: unknown): void {
    if (this.#face === undefined) throw new TypeError(EARLY);
    if (value === null) {
      this.#isGivenUp = true;
      return;
    }
    if (typeof value !== "object") {
      throw new Error("this.session can only be set as null or an object.");
    }
    this.#isGivenUp = false;
    // What is assigned may be the session itself, or made of it.
    const entries = Object.entries(value);
    this.#session?.clear();
    for (const [key, each] of entries) this.#face[key] = each;
  }

  /** Stores what has changed, or ends the session: at once, and before the response begins. */
  async commit({ regenerate = false }: CommitOptions = {}): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    if (this.#isGivenUp) return session.destroy();
    const { state } = behind(session, "ctx.session");
    if (this.#face !== undefined && state.draft.gathered() !== undefined) {
      this.opts.beforeSave?.(this.#ctx, this.#face);
    }
    if (regenerate) await session.regenerate();
    else await session.save();
  }
}

const EARLY = "ctx.session is there behind the middleware of koa-session. Mount it further out.";
