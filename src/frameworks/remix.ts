import type { ValueKind } from "../core/codec.ts";
import { internalsOf } from "../core/internals.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { Session } from "../core/session.ts";
import type { Sessions } from "../core/sessions.ts";

/** What Remix hands to a middleware, as far as it matters here. */
export interface RemixContext {
  readonly request: Request;
  set(key: object, value: unknown): void;
}

/** How {@link sessionMiddleware} behaves. */
export interface MiddlewareOptions<D extends object, K extends ValueKind = "json"> {
  /**
   * What `createContextKey<Session<…>>()` of Remix has made: `context.get` of it gives the open session.
   * Asks the store nothing for visitors without a session.
   *
   * @defaultValue none: sessions are opened by `sessions.open(context)`
   */
  readonly key?: { readonly defaultValue?: Session<D, K> | null } | undefined;
  /**
   * The address at the other end of the socket: for `trustProxy` of addresses, and for plain HTTP in
   * development.
   *
   * @defaultValue none is known
   */
  readonly remoteAddress?: ((request: Request) => string | undefined) | undefined;
}

/**
 * Sessions for Remix 3, by `@remix-run/fetch-router`. `sessions.open` takes the context or its `request`.
 *
 * A failure of ours is answered plainly with its status, and an error of the application goes on to
 * whoever has called `router.fetch`, but for one that is thrown after a sign-in: its cookie has to reach
 * the browser, with a plain 500.
 *
 * @throws {@link OptionsError} for what createSessions() has not made, and for an unknown option.
 * @example
 * // createRouter({ middleware }); handlers then say: await sessions.open(context)
 * export const middleware = [sessionMiddleware(sessions)];
 */
export function sessionMiddleware<D extends object, K extends ValueKind = "json">(
  sessions: Sessions<D, K>,
  options: MiddlewareOptions<D, K> = {},
): (context: RemixContext, next: () => Promise<Response>) => Promise<Response> {
  // A slip is told where it is made, not at the first request.
  const { attachments } = internalsOf(sessions);
  requireKnownKeys("sessionMiddleware(options)", options, ["key", "remoteAddress"]);
  const { key, remoteAddress } = options;
  return (context, next) => {
    const { request } = context;
    const handle = async (): Promise<Response> => {
      const visit = attachments.find(request);
      if (visit !== undefined) attachments.add(visit, [context]);
      if (key !== undefined) context.set(key, await sessions.open(context));
      return next();
    };
    return sessions.handle(request, handle, { remoteAddress: remoteAddress?.(request) });
  };
}
