import type { Context, SessionOptions } from "./types.ts";

/** What stands behind `ctx.session`. */
export interface Held {
  readonly opts: SessionOptions;
  get(): object | null;
  set(value: unknown): void;
}

const HELD: unique symbol = Symbol("sojourn.koa-session");
const MAKE: unique symbol = Symbol("sojourn.koa-session.make");

interface Prototype {
  [HELD]?: Held;
  [MAKE]?: (ctx: Context) => Held;
}

/**
 * Adds `session` and `sessionOptions` to what an application's contexts are made from. A second call
 * changes nothing: the first one's options hold.
 */
export function addTo(context: Prototype, make: (ctx: Context) => Held): void {
  if (Object.hasOwn(context, MAKE)) return;
  Object.defineProperties(context, {
    [MAKE]: { value: make },
    session: {
      get(this: Context) {
        return heldBy(this).get();
      },
      set(this: Context, value: unknown) {
        heldBy(this).set(value);
      },
      configurable: true,
    },
    sessionOptions: {
      get(this: Context) {
        return heldBy(this).opts;
      },
    },
  });
}

/** What stands behind the session of a context. */
export function heldBy(ctx: Context & Prototype): Held {
  const held = ctx[HELD] ?? ctx[MAKE]?.(ctx);
  if (held === undefined) throw new TypeError("app instance required: `session(opts, app)`");
  ctx[HELD] = held;
  return held;
}
