import type { ValueKind } from "../core/codec.ts";
import { OptionsError } from "../core/errors.ts";
import { internalsOf } from "../core/internals.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { Session } from "../core/session.ts";
import type { OpenOptions, Sessions } from "../core/sessions.ts";
import { type HeldRequests, NextRequests } from "./port/next-requests.ts";

/** How {@link nextSessions} finds the manager that is there already. */
export interface NextSessionsOptions {
  /**
   * The name of the manager that the function makes, where it has one.
   *
   * @defaultValue `"session"`, as of `createSessions`
   */
  readonly name?: string | undefined;
}

/** The sessions of a Next.js application, made by {@link nextSessions}. */
export interface NextSessions<D extends object, K extends ValueKind = "json"> {
  /** The manager: for `revokeAll`, `on`, `prepare` and the like. */
  readonly sessions: Sessions<D, K>;
  /**
   * The session of the request that is being answered: the same one at each call, in a route handler,
   * a server action, `proxy.ts` and a server component.
   *
   * Within {@link NextSessions.withSession}, and behind a custom server, it can do whatever a session
   * can. Elsewhere Next takes no cookie: it reads, and stores changes by itself that need none; a first
   * value, a sign-in and a sign-out are refused with {@link HeadersSentError}.
   *
   * @throws as `sessions.open` does.
   * @example
   * const session = await openSession();
   */
  openSession(options?: OpenOptions): Promise<Session<D, K>>;
  /**
   * Wraps a server action, a route handler or a proxy: its session is stored, and the cookie set, before
   * what it returns or throws goes on, a `redirect()` as well.
   *
   * @returns A function to be exported in its place.
   * @example
   * const GET = withSession(async () => {
   *   const session = await openSession();
   *   return new Response(`Visit ${await session.update("visits", (n) => n + 1)}`);
   * });
   */
  withSession<Args extends readonly unknown[], Result>(
    handler: (...args: Args) => Result | Promise<Result>,
  ): (...args: Args) => Promise<Answered<Result>>;
}

/** What a wrapped function resolves to: of a response a copy, with the session's cookie. */
export type Answered<Result> = Result extends Response ? Response : Result;

/**
 * Sessions for the App Router of Next.js 16.
 *
 * Next evaluates a module once for routes, once for components and actions, and again at each change in
 * development. The manager that was made first is the one of all of them, until it is closed: options
 * that change count after a restart.
 *
 * @param make - Makes the manager, where there is none of this name yet; or the manager itself.
 * @throws {@link OptionsError} for what createSessions() has not made, for an unknown option, and for a
 * manager of another name than `options.name`.
 * @example
 * const { sessions, openSession, withSession } = nextSessions(() =>
 *   createSessions<Shop>({ store: sqliteStore("sessions.db"), trustProxy: "all" }),
 * );
 */
export function nextSessions<D extends object, K extends ValueKind = "json">(
  make: Sessions<D, K> | (() => Sessions<D, K>),
  options: NextSessionsOptions = {},
): NextSessions<D, K> {
  requireKnownKeys("nextSessions(options)", options, ["name"]);
  const { sessions, held } = entryOf(make, options.name);
  const requests = new NextRequests(sessions, held);
  return {
    sessions,
    openSession: (opening) => requests.open((subject) => sessions.open(subject, opening)),
    withSession(handler) {
      return async (...args) => {
        const request = args[0] instanceof Request ? args[0] : undefined;
        const result = await requests.run(request, () => handler(...args));
        // The handler's own, or a copy of its response.
        return result as Answered<Awaited<ReturnType<typeof handler>>>;
      };
    },
  };
}

/** A manager of this process. */
interface Entry<S> {
  readonly sessions: S;
  readonly held: HeldRequests;
}

/** Shared by every copy of the library: Next bundles one for routes, and one for components and actions. */
const ENTRIES: unique symbol = Symbol.for("sojourn.next");

interface Shared {
  [ENTRIES]?: Map<string, Entry<object>>;
}

function entryOf<S extends object>(make: S | (() => S), wanted: string | undefined): Entry<S> {
  const shared = globalThis as Shared;
  const entries = shared[ENTRIES] ?? new Map<string, Entry<object>>();
  shared[ENTRIES] = entries;
  const { name: given } =
    typeof make === "function" ? { name: wanted ?? "session" } : internalsOf(make).engine;
  const known = entries.get(given);
  // The same line of the same file has made it.
  if (known !== undefined && !internalsOf(known.sessions).isClosed()) return known as Entry<S>;
  const sessions = typeof make === "function" ? make() : make;
  const { engine, attachments } = internalsOf(sessions);
  if (engine.name !== given || (wanted ?? given) !== given) {
    const fitting = `write { name: ${JSON.stringify(engine.name)} }, as the manager has it.`;
    throw new OptionsError("nextSessions(options).name", fitting);
  }
  attachments.isAmbient = true;
  const entry: Entry<S> = { sessions, held: new WeakMap() };
  entries.set(given, entry);
  return entry;
}
