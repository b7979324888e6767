import type { Middleware } from "koa";
import type { CookieOptions } from "../../cookies/cookie-options.ts";
import { OptionsError } from "../../core/errors.ts";
import { isStore } from "../../core/option-checks.ts";
import type { Sessions } from "../../core/sessions.ts";
import type { SessionStore } from "../../core/store.ts";
import { createSessions, type Untyped } from "../../create-sessions.ts";
import { sessionMiddleware } from "../../frameworks/koa.ts";
import { JSON_VALUES } from "../json-values.ts";
import { addTo, heldBy } from "./context.ts";
import { completeOptions } from "./options.ts";
import { OurContextSession } from "./our-context-session.ts";
import type { CreateSessionOptions, SessionMiddleware, SessionOptions } from "./types.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** A session that is used every day ends, too: koa-session's never does. */
const ABSOLUTE_MS = 90 * DAY_MS;

/** Whether the sessions are ours, or their store is. */
export function isOverOurs({ sessions, store }: CreateSessionOptions): boolean {
  return sessions !== undefined || isStore(store as SessionStore | undefined);
}

/** The same face over our engine: no change is lost, and who has gone stays gone. */
export function overOurs(
  given: CreateSessionOptions,
  app: { readonly context: object },
): SessionMiddleware {
  refuseWhatHasNoMeaning(given);
  const { sessions: own, store, ...rest } = given;
  const options = completeOptions(rest);
  const sessions = (own ?? ourSessions(options, store as SessionStore)) as Sessions<Untyped>;
  const mount = sessionMiddleware(sessions);
  addTo(app.context, (ctx) => new OurContextSession(ctx, options));
  const middleware: Middleware = (ctx, next) =>
    mount(ctx, async () => {
      const held = heldBy(ctx) as OurContextSession;
      held.begin(await sessions.open(ctx));
      try {
        await next();
      } finally {
        if (options.autoCommit) await held.commit();
      }
    });
  return Object.assign(middleware, { sessions });
}

const REFUSED: Readonly<Record<string, string>> = {
  ContextStore: "our stores know no contexts",
  decode: "no data is in the cookie",
  encode: "no data is in the cookie",
  externalKey: "tokens travel in headers by transport: bearer() of createSessions()",
  genid: "tokens are 256 random bits",
  prefix: "tokens are 256 random bits, and the store has a prefix of its own",
  valid: "a schema of createSessions() says what is believed",
};

function refuseWhatHasNoMeaning(options: object): void {
  for (const [name, reason] of Object.entries(REFUSED)) {
    if (Reflect.get(options, name) === undefined) continue;
    throw new OptionsError(
      name,
      `means nothing over a store of sojourn: ${reason}. Leave it out, or pass ` +
        "createSession({ sessions: createSessions({ … }) }, app).",
    );
  }
}

/** Sessions that live and travel as the options of koa-session say. */
function ourSessions(options: SessionOptions, store: SessionStore): Sessions<Untyped> {
  const { key, maxAge } = options;
  const idleTimeout = typeof maxAge === "number" ? maxAge : DAY_MS;
  const absoluteTimeout = Math.max(idleTimeout, ABSOLUTE_MS);
  return createSessions({
    store,
    values: JSON_VALUES,
    name: key,
    idleTimeout,
    absoluteTimeout,
    // Whose page sends what was the application's to check before, and still is.
    crossSite: "allow",
    cookie: {
      ...cookieOf(options),
      maxAge: maxAge === "session" ? undefined : absoluteTimeout,
    },
  }) as unknown as Sessions<Untyped>;
}

/** Of a cookie that others may plant or read, no prefix says otherwise. */
function cookieOf(options: SessionOptions): CookieOptions {
  const { domain, path, secure, httpOnly, sameSite, partitioned, priority } = options;
  const isOpen = domain !== undefined || secure === false || !httpOnly;
  const hasPath = path !== undefined && path !== "/";
  return {
    ...(isOpen || hasPath ? { prefix: "" as const } : {}),
    ...{ domain, path, secure, httpOnly, partitioned, priority },
    sameSite: sameSiteOf(sameSite),
  };
}

function sameSiteOf(sameSite: SessionOptions["sameSite"]): CookieOptions["sameSite"] {
  if (sameSite === true) return "strict";
  if (!sameSite) return undefined;
  return sameSite.toLowerCase() as CookieOptions["sameSite"];
}
