import type { ValueKind } from "../core/codec.ts";
import { isOfPage } from "../core/failed-page.ts";
import { internalsOf } from "../core/internals.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { Sessions } from "../core/sessions.ts";
import { serve } from "./port/serve.ts";

/** What TanStack Start hands to a request middleware, as far as it matters here. */
export interface StartArgs<R extends { readonly response: Response }> {
  readonly request: Request;
  readonly next: () => R | Promise<R>;
}

/** How {@link sessionMiddleware} behaves. */
export interface MiddlewareOptions {
  /**
   * The address at the other end of the socket: for `trustProxy` of addresses.
   *
   * @defaultValue `request.ip`, as srvx and Nitro tell it
   */
  readonly remoteAddress?: ((request: Request) => string | undefined) | undefined;
}

/**
 * Sessions for TanStack Start: what `createMiddleware().server` takes, for the `requestMiddleware` of
 * `createStart`. Pages, server routes and server functions open theirs by
 * `sessions.open(getRequest())`.
 *
 * @throws {@link OptionsError} for what createSessions() has not made, and for an unknown option.
 * @example
 * // In src/start.ts: requestMiddleware: [createMiddleware().server(serveWithSession)]
 * export const serveWithSession = sessionMiddleware(sessions);
 */
export function sessionMiddleware<D extends object, K extends ValueKind = "json">(
  sessions: Sessions<D, K>,
  options: MiddlewareOptions = {},
): <R extends { readonly response: Response }>(args: StartArgs<R>) => Promise<Response> {
  // A slip is told where it is made, not at the first request.
  internalsOf(sessions);
  requireKnownKeys("sessionMiddleware(options)", options, ["remoteAddress"]);
  const { remoteAddress = addressOf } = options;
  return async ({ request, next }) => {
    let page: Response | undefined;
    const handle = async (): Promise<Response> => {
      page = (await next()).response;
      return page;
    };
    const response = await serve(sessions, request, handle, {
      remoteAddress: remoteAddress(request),
      // It prints no error that brings a status.
      isPrinting: false,
      onThrown: (error) => ({
        status: statusOf(error),
        leave: (headers) => leave(error, [...lasting(page), ...headers]),
      }),
    });
    // Its redirects are known by a property of theirs, and find out later where they lead.
    return page === undefined ? response : Object.assign(response, ownOf(page));
  };
}

function addressOf(request: Request & { readonly ip?: unknown }): string | undefined {
  return typeof request.ip === "string" ? request.ip : undefined;
}

/** As TanStack Start reads it. */
function statusOf(error: unknown): number {
  const { status, statusCode } = Object(error) as { status?: unknown; statusCode?: unknown };
  const given = Number(status ?? statusCode);
  return Number.isInteger(given) && given >= 400 && given < 600 ? given : 500;
}

/** By name alone: some runtimes keep a response's inside under symbols. */
function ownOf(page: Response): object {
  return Object.fromEntries(Object.entries(page));
}

/** What a page that could not be stored had of the application's own. */
function lasting(page: Response | undefined): [string, string][] {
  return [...(page?.headers ?? [])].filter(([name]) => !isOfPage(name));
}

/** TanStack Start answers with the headers that an error brings. */
function leave(error: unknown, headers: [string, string][]): void {
  if (typeof error !== "object" || error === null || headers.length === 0) return;
  const own = (error as { headers?: ConstructorParameters<typeof Headers>[0] }).headers;
  const all = new Headers(own);
  for (const [name, value] of headers) all.append(name, value);
  Object.defineProperty(error, "headers", { value: all, configurable: true, writable: true });
}
