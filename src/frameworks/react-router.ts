import type { ValueKind } from "../core/codec.ts";
import { SessionError } from "../core/errors.ts";
import { isOfPage } from "../core/failed-page.ts";
import { internalsOf } from "../core/internals.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { Session } from "../core/session.ts";
import type { Sessions } from "../core/sessions.ts";
import { serve } from "./port/serve.ts";

/** What React Router hands to a middleware, as far as it matters here. */
export interface RouterArgs {
  readonly request: Request;
  /** The `RouterContextProvider` of the request. */
  readonly context: {
    get<T>(context: { defaultValue?: T }): T;
    set(context: object, value: unknown): void;
  };
}

/** How {@link sessionMiddleware} behaves. */
export interface MiddlewareOptions<D extends object, K extends ValueKind = "json"> {
  /**
   * What `createContext<Session<…>>()` of React Router has made: every loader, action and middleware
   * further in gets the open session by `context.get` of it. Asks the store nothing for visitors
   * without a session.
   *
   * @defaultValue none: sessions are opened by `sessions.open(context)`
   */
  readonly context?: { readonly defaultValue?: Session<D, K> | null } | undefined;
  /**
   * The address at the other end of the socket, which React Router does not tell: for `trustProxy` of
   * addresses.
   *
   * @defaultValue none is known
   */
  readonly remoteAddress?: ((args: RouterArgs) => string | undefined) | undefined;
}

/**
 * Sessions for React Router in framework mode, in the root's `middleware`. `sessions.open` takes the
 * `context` of loaders and actions.
 *
 * A failure of the store is a 503, which the `ErrorBoundary` tells by `isRouteErrorResponse`.
 *
 * @throws {@link OptionsError} for what createSessions() has not made, and for an unknown option.
 * @example
 * export const middleware = [sessionMiddleware(sessions)]; // in app/root.tsx
 *
 * export async function loader({ context }: { context: object }) {
 *   const session = await sessions.open(context);
 *   return { visits: await session.update("visits", (n) => n + 1) };
 * }
 */
export function sessionMiddleware<D extends object, K extends ValueKind = "json">(
  sessions: Sessions<D, K>,
  options: MiddlewareOptions<D, K> = {},
): (args: RouterArgs, next: () => Promise<Response>) => Promise<Response> {
  // A slip is told where it is made, not at the first request.
  internalsOf(sessions);
  requireKnownKeys("sessionMiddleware(options)", options, ["context", "remoteAddress"]);
  const { context: accessor, remoteAddress } = options;
  return async (args, next) => {
    const { request, context } = args;
    let page: Response | undefined;
    const handle = async (): Promise<Response> => {
      if (accessor !== undefined) context.set(accessor, await sessions.open(context));
      page = await next();
      return page;
    };
    let kept = new Headers();
    const leave = (headers: Headers): void => {
      kept = headers;
    };
    try {
      return await serve(sessions, request, handle, {
        aliases: [context],
        remoteAddress: remoteAddress?.(args),
        onThrown: () => ({ status: 500, leave }),
      });
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      return answered(error, page, kept);
    }
  };
}

/**
 * With what the page that failed had of the application's own. React Router makes an error of a response
 * that is thrown, for the `ErrorBoundary` and with its status. No cookie gets there; one that has to reach
 * the browser goes with a plain answer.
 *
 * @throws the answer.
 */
function answered(error: SessionError, page: Response | undefined, kept: Headers): Response {
  const answer = error.getResponse();
  for (const [name, value] of page?.headers ?? []) {
    if (!isOfPage(name)) answer.headers.append(name, value);
  }
  const cookies = kept.getSetCookie();
  if (cookies.length === 0) throw answer;
  for (const line of cookies) answer.headers.append("Set-Cookie", line);
  return answer;
}
