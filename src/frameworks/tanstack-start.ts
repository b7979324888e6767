import type { ValueKind } from "../core/codec.ts";
import { isOfPage } from "../core/failed-page.ts";
import { internalsOf } from "../core/internals.ts";
import { flag, requireKnownKeys } from "../core/option-checks.ts";
import type { Session } from "../core/session.ts";
import type { Sessions } from "../core/sessions.ts";
import { serve } from "./port/serve.ts";

/** What TanStack Start hands to a request middleware, as far as it matters here. */
export interface StartArgs<R extends StartResult = StartResult> {
  readonly request: Request;
  readonly next: (options?: { readonly context?: never }) => R | Promise<R>;
}

/** What `next` of TanStack Start resolves to, and what a middleware answers with. */
export interface StartResult {
  readonly response: Response;
}

/** What `accessor` adds to the context of all that follow. */
export interface SessionContext<D extends object, K extends ValueKind = "json"> {
  /** The session of this request. */
  readonly session: Session<D, K>;
}

/** A request middleware that puts the session into the context, as TanStack Start reads its type. */
export type SessionContextMiddleware<D extends object, K extends ValueKind = "json"> = (args: {
  readonly request: Request;
  readonly next: (options: { readonly context: SessionContext<D, K> }) => unknown;
}) => Promise<{
  readonly request: Request;
  readonly pathname: string;
  readonly context: SessionContext<D, K>;
  readonly response: Response;
}>;

/** How {@link sessionMiddleware} behaves. */
export interface MiddlewareOptions {
  /**
   * Whether the session is opened before what follows, which has it as `context.session`, typed. The
   * store is asked where the visitor brings a cookie, and a failure goes to the error page.
   *
   * @defaultValue `false`
   */
  readonly accessor?: boolean | undefined;
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
  options: MiddlewareOptions & { readonly accessor: true },
): SessionContextMiddleware<D, K>;
export function sessionMiddleware<D extends object, K extends ValueKind = "json">(
  sessions: Sessions<D, K>,
  options?: MiddlewareOptions,
): <R extends StartResult>(args: StartArgs<R>) => Promise<Response>;
export function sessionMiddleware<D extends object, K extends ValueKind = "json">(
  sessions: Sessions<D, K>,
  options: MiddlewareOptions = {},
): (args: AnyArgs) => Promise<unknown> {
  // A slip is told where it is made, not at the first request.
  internalsOf(sessions);
  requireKnownKeys("sessionMiddleware(options)", options, ["accessor", "remoteAddress"]);
  const accessor = flag("accessor", options.accessor) ?? false;
  const { remoteAddress = addressOf } = options;
  return async ({ request, next }) => {
    let made: StartResult | undefined;
    const handle = async (): Promise<Response> => {
      made = accessor
        ? await next({ context: { session: await sessions.open(request) } })
        : await next();
      return made.response;
    };
    let told: [string, string][] = [];
    const leave = (headers: Headers): void => {
      told = [...lasting(made?.response), ...headers];
    };
    const response = await serve(sessions, request, handle, {
      remoteAddress: remoteAddress(request),
      // It prints no error that brings a status.
      isPrinting: false,
      onThrown: (error) => ({ status: statusOf(error), leave }),
    }).catch((error: unknown) => {
      throw bringing(error, told);
    });
    // A server function that it is mounted at as well has no response of its own.
    if (made?.response === undefined) return made ?? response;
    // Its redirects are known by a property of theirs, and find out later where they lead.
    const answer = Object.assign(response, ownOf(made.response));
    return accessor ? { ...made, response: answer } : answer;
  };
}

/** Either of what the middleware takes. */
interface AnyArgs {
  readonly request: Request;
  readonly next: (options?: { readonly context?: object }) => StartResult | Promise<StartResult>;
}

function addressOf(request: Request & { readonly ip?: unknown }): string | undefined {
  return typeof request.ip === "string" ? request.ip : undefined;
}

/** As TanStack Start reads it. */
function statusOf(error: unknown): number {
  const { status, statusCode, cause } = Object(error) as Record<string, unknown>;
  const { status: causes, statusCode: causesCode } = Object(cause) as Record<string, unknown>;
  const given = Number(status ?? statusCode ?? causes ?? causesCode);
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

/**
 * TanStack Start answers with the headers that an error brings. The error itself may be frozen, or thrown
 * for other visitors too, who must not get this one's cookie: what is thrown shows all else of it.
 */
function bringing(error: unknown, headers: [string, string][]): unknown {
  if (typeof error !== "object" || error === null || headers.length === 0) return error;
  const all = headersOf(error);
  for (const [name, value] of headers) all.append(name, value);
  // A proxy may show nothing else in the place of what is frozen.
  const isFixed = Object.getOwnPropertyDescriptor(error, "headers")?.configurable === false;
  return new Proxy(isFixed ? Object.create(error) : error, {
    // By the error itself, for getters of its class.
    get: (_, key) => (key === "headers" ? all : Reflect.get(error, key)),
  });
}

/** None where they are not such as can be sent: it leaves those out. */
function headersOf(error: {
  readonly headers?: ConstructorParameters<typeof Headers>[0];
}): Headers {
  try {
    return new Headers(error.headers);
  } catch {
    return new Headers();
  }
}
