import { plainText, SessionError } from "../core/errors.ts";
import { internalsOf } from "../core/internals.ts";
import type { Visit } from "../core/request/visit.ts";
import { WebHead } from "../core/request-head.ts";
import type { Sessions } from "../core/sessions.ts";
import { type LocalsOptions, showIn, wantsAccessor } from "./port/locals.ts";
import { serve } from "./port/serve.ts";
import { cookieOf } from "./port/set-cookie.ts";

/** What {@link sessionHandle} uses of SvelteKit's `RequestEvent`. */
export interface SvelteKitEvent {
  readonly request: Request;
  readonly locals: object;
  readonly platform?: unknown;
  readonly isSubRequest: boolean;
  readonly cookies: {
    set(
      name: string,
      value: string,
      options: { path: string; encode(value: string): string },
    ): void;
  };
  getClientAddress(): string;
}

/** A `handle` of SvelteKit, as it stands in `src/hooks.server.ts`. */
export type SvelteKitHandle<E> = (input: {
  event: E;
  resolve(event: E): Response | Promise<Response>;
}) => Promise<Response>;

/** How {@link sessionHandle} behaves. */
export interface SessionHandleOptions extends LocalsOptions {
  /**
   * SvelteKit's own `error`, as imported from `@sveltejs/kit`: then your `src/error.html` is shown where
   * a session cannot be stored, or opened by a handle. SvelteKit knows none but its own copy's errors.
   *
   * @defaultValue `undefined`: a plain text is shown
   */
  readonly error?: ((status: number, message: string) => never) | undefined;
}

/**
 * Sessions for SvelteKit 2 and 3. `sessions.open` takes `event.request`, in loads, form actions,
 * endpoints and remote functions alike; what `event.fetch` asks for shares the session.
 *
 * Your `+error.svelte` and `handleError` stay. What cannot be stored is answered with the error's
 * status (503 for an outage), plainly or by your `error.html`, and goes to `onError`.
 *
 * @param sessions - The manager, or a function that finds it for an event: for bindings that are only
 * known then. Make each manager once and keep it.
 * @param options - `accessor: true` opens the session first and shows it as `event.locals.session`;
 * `error` shows your `error.html`.
 * @throws {@link OptionsError} for what createSessions() has not made, and for an unknown option.
 * @example
 * const handle = sessionHandle(sessions);
 *
 * const load = async ({ request }: { request: Request }) => {
 *   const session = await sessions.open(request);
 *   return { visits: await session.update("visits", (n) => n + 1) };
 * };
 */
export function sessionHandle<D extends object, E extends SvelteKitEvent = SvelteKitEvent>(
  sessions: Sessions<D> | ((event: E) => Sessions<D>),
  options: SessionHandleOptions = {},
): SvelteKitHandle<E> {
  // A slip is told where it is made, not at the first request.
  if (typeof sessions !== "function") internalsOf(sessions);
  const hasAccessor = wantsAccessor("sessionHandle(options)", options, ["error"]);
  return async ({ event, resolve }) => {
    const manager = typeof sessions === "function" ? sessions(event) : sessions;
    const { request } = event;
    const next = async (): Promise<Response> => {
      if (hasAccessor) await showIn(event.locals, manager.open(request));
      return resolve(event);
    };
    const connection = connectionOf(event);
    if (connection.isEncrypted === false) noticeGuess(manager, request, connection);
    const hasPage = options.error !== undefined && !isScripted(request);
    const serving = {
      ...connection,
      isInner: event.isSubRequest,
      answer: (error: unknown, visit: Visit) => answer(error, visit, request, hasPage),
      onThrown: (error: unknown) => thrownTo(event, error),
    };
    return serve(manager, request, next, serving).catch((error: unknown) => {
      if (hasPage && error instanceof SessionError) showPage(error, options.error);
      throw error;
    });
  };
}

interface Connection {
  readonly remoteAddress: string | undefined;
  /** Left out where the URL tells it. */
  readonly isEncrypted?: boolean | undefined;
}

/** `@sveltejs/adapter-node` takes every request for https where nothing says otherwise: its socket knows. */
function connectionOf(event: SvelteKitEvent): Connection {
  const { req } = Object(event.platform) as {
    readonly req?: { readonly socket?: { remoteAddress?: string; encrypted?: boolean } };
  };
  if (req?.socket === undefined) return { remoteAddress: addressOf(event) };
  const { remoteAddress, encrypted } = req.socket;
  return { remoteAddress, isEncrypted: encrypted === true };
}

function addressOf(event: SvelteKitEvent): string | undefined {
  try {
    return event.getClientAddress();
  } catch {
    // While a page is prerendered nobody asks for it; some adapters do not know.
    return undefined;
  }
}

function noticeGuess(
  manager: object,
  request: Request,
  { remoteAddress, isEncrypted }: Connection,
): void {
  if (!request.url.startsWith("https:")) return;
  const { environment } = internalsOf(manager).engine;
  if (environment.addressOf(new WebHead(request, remoteAddress, isEncrypted)).isSecure) return;
  environment.notice(WRONG_GUESS);
}

const WRONG_GUESS =
  "SvelteKit takes a request for https that came over plain HTTP. It then refuses forms (403), and " +
  "browsers drop its cookies. Behind a proxy that ends TLS let that send X-Forwarded-Proto, and set " +
  'trustProxy, for instance trustProxy: ["loopback"]. To be asked over plain HTTP, set paths.origin ' +
  "(SvelteKit 2: the variable ORIGIN), or the variable PROTOCOL_HEADER=x-forwarded-proto.";

/** SvelteKit's page for what a `handle` throws has the status 500, and takes no headers. */
function answer(
  error: unknown,
  visit: Visit,
  request: Request,
  hasPage: boolean,
): Response | undefined {
  if (error instanceof SessionError) {
    return hasPage && !visit.hasCookie ? undefined : answerTo(error, request);
  }
  if (isRedirect(error) || !visit.hasCookie) return undefined;
  const { status, body } = Object(error) as {
    readonly status?: unknown;
    readonly body?: { readonly message?: unknown };
  };
  const isHttpError = typeof status === "number" && typeof body?.message === "string";
  return new Response(isHttpError ? String(body.message) : "Internal Error", {
    status: isHttpError ? status : 500,
  });
}

/** Whether `use:enhance` has sent a form, which shows `+error.svelte` for what it reads in the answer. */
function isScripted(request: Request): boolean {
  return request.headers.get("x-sveltekit-action") === "true";
}

function answerTo(error: SessionError, request: Request): Response {
  const plain = error.getResponse();
  if (!isScripted(request)) return plain;
  const { status, headers } = plain;
  headers.delete("Content-Type");
  const told = { type: "error", error: { status, message: plainText(status, error) } };
  return Response.json(told, { status, headers });
}

/** SvelteKit answers 500 to whatever is thrown that its own `error` has not made. */
function showPage(error: SessionError, fail: SessionHandleOptions["error"]): void {
  fail?.(error.status, plainText(error.status, error));
}

function thrownTo(
  event: SvelteKitEvent,
  error: unknown,
): { readonly status: number; leave(headers: Headers): void } {
  return {
    status: isRedirect(error) ? error.status : 500,
    leave(headers) {
      if (!isRedirect(error)) return;
      for (const line of headers.getSetCookie()) {
        const { name, value, attributes } = cookieOf(line);
        event.cookies.set(name, value, { ...attributes, encode: (text) => text });
      }
    },
  };
}

function isRedirect(error: unknown): error is { readonly status: number } {
  const { status, location } = Object(error) as { status?: unknown; location?: unknown };
  return typeof status === "number" && typeof location === "string";
}
