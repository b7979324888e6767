import { OptionsError, SessionError } from "../core/errors.ts";
import { internalsOf } from "../core/internals.ts";
import type { Visit } from "../core/request/visit.ts";
import type { Sessions } from "../core/sessions.ts";
import { failedResponse } from "./port/failed-response.ts";
import { type LocalsOptions, showIn, wantsAccessor } from "./port/locals.ts";
import { serve } from "./port/serve.ts";

/** What {@link sessionMiddleware} uses of Astro's `APIContext`. */
export interface AstroContext {
  readonly request: Request;
  readonly url: URL;
  readonly locals: object;
  readonly props: object;
  readonly routePattern: string;
  readonly isPrerendered: boolean;
  readonly clientAddress: string;
  rewrite(page: Request): Promise<Response>;
}

/** A middleware of Astro, as it stands in `src/middleware.ts` under the name `onRequest`. */
export type AstroMiddleware<C> = (context: C, next: () => Promise<Response>) => Promise<Response>;

/** How {@link sessionMiddleware} behaves. */
export type SessionMiddlewareOptions = LocalsOptions;

/**
 * Sessions for Astro 7, where pages are rendered on demand. `sessions.open` takes `Astro.request` in
 * pages and components, `context.request` in endpoints and actions; a page that `Astro.rewrite` leads to
 * shares the session.
 *
 * Your `500.astro` stays, with the error in `Astro.props`. An error of ours has its own status there
 * (503 for an outage). Astro's own `Astro.session` is another thing, and is left alone.
 *
 * @param sessions - The manager, or a function that finds it for a request: for bindings that are
 * only known then. Make each manager once and keep it.
 * @param options - `accessor: true` opens the session first and shows it as `Astro.locals.session`.
 * @throws {@link OptionsError} for what createSessions() has not made, and for an unknown option.
 * @example
 * const onRequest = sessionMiddleware(sessions);
 *
 * const GET = async ({ request }: { request: Request }) => {
 *   const session = await sessions.open(request);
 *   return new Response(`Visit ${await session.update("visits", (n) => n + 1)}`);
 * };
 */
export function sessionMiddleware<D extends object, C extends AstroContext = AstroContext>(
  sessions: Sessions<D> | ((context: C) => Sessions<D>),
  options: SessionMiddlewareOptions = {},
): AstroMiddleware<C> {
  // A slip is told where it is made, not at the first request.
  if (typeof sessions !== "function") internalsOf(sessions);
  const hasAccessor = wantsAccessor("sessionMiddleware(options)", options);
  return async (context, next) => {
    if (!ErrorPage.admits(context)) return new Response(null);
    const manager = typeof sessions === "function" ? sessions(context) : sessions;
    const { request } = context;
    const running = stateOf(context);
    const handled = async (): Promise<Response> => {
      if (hasAccessor) await showIn(context.locals, openIn(context, manager));
      return next();
    };
    return serve(manager, request, handled, {
      // A page that another one is rewritten to has a request of its own, and the same state.
      aliases: running === undefined ? [] : [running],
      holder: {
        get raw() {
          return running?.request ?? context.request;
        },
      },
      remoteAddress: context.isPrerendered ? undefined : context.clientAddress,
      answer: (error, visit) => answer(error, visit, context, manager),
    });
  };
}

function openIn<D extends object>(
  { request, isPrerendered }: AstroContext,
  manager: Sessions<D>,
): Promise<object> {
  if (!isPrerendered) return manager.open(request);
  const advice = "a page that is built ahead has no visitor: export const prerender = false.";
  return Promise.reject(new OptionsError("accessor", advice));
}

/** What Astro knows of the request that it is handling, kept through each rewrite. */
function stateOf(context: object): { readonly request: Request } | undefined {
  return Reflect.get(context, Symbol.for("astro.fetchState"));
}

/**
 * Astro drops the headers of a page that throws, and answers 500. So where a cookie waits, or another
 * status is due, its error page is asked for here, and gets both.
 */
async function answer(
  error: unknown,
  visit: Visit,
  context: AstroContext,
  manager: object,
): Promise<Response | undefined> {
  const isOurs = error instanceof SessionError;
  if (!isOurs && !visit.hasCookie) return undefined;
  const page = await new ErrorPage(context, error).render();
  if (page !== undefined) return page;
  const { development } = internalsOf(manager).engine.environment;
  // There Astro shows what has failed, and where.
  if (!isOurs && development === "named") return undefined;
  return failedResponse(error, undefined);
}

/** The application's `500.astro`, rendered within the request that failed. */
class ErrorPage {
  static readonly #wanted = new WeakMap<Request, ErrorPage>();
  readonly #context: AstroContext;
  readonly #error: unknown;
  #isFound = false;

  constructor(context: AstroContext, error: unknown) {
    this.#context = context;
    this.#error = error;
  }

  /** Whether a request may go on: one for an error page leads to that page alone. */
  static admits({ request, routePattern, props }: AstroContext): boolean {
    const wanted = ErrorPage.#wanted.get(request);
    if (wanted === undefined) return true;
    wanted.#isFound = routePattern === "/500";
    if (wanted.#isFound) Object.assign(props, { error: wanted.#error });
    return wanted.#isFound;
  }

  /** `undefined` where the application has none, or one that was built ahead, or that fails too. */
  async render(): Promise<Response | undefined> {
    const { url, request } = this.#context;
    const { headers, signal } = request;
    const wanted = new Request(new URL("/500", url), { headers, signal });
    ErrorPage.#wanted.set(wanted, this);
    try {
      const page = await this.#context.rewrite(wanted);
      if (!this.#isFound) return undefined;
      const status = this.#error instanceof SessionError ? this.#error.status : 500;
      return new Response(page.body, { status, headers: page.headers });
    } catch {
      return undefined;
    }
  }
}
