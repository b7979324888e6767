import type { SessionEvents, SessionListener } from "./events.ts";
import type { Session, SessionView } from "./session.ts";

/** Where `read` finds the cookie. */
export type SessionSource = Request | Headers | NodeRequest;

/** What is read of a Node `IncomingMessage`. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly httpVersion?: string | undefined;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: unknown };
}

/** What is known of a session without opening it: facts, no data. Times are epoch ms. */
export interface SessionInfo {
  readonly id: string;
  readonly userId: string | undefined;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly authenticatedAt: number | undefined;
  readonly persistent: boolean;
  /** The browser's description of itself at sign-in, as it sent it. */
  readonly device: string | undefined;
}

/** What a web-standard server knows of a request beside the request itself. */
export interface HandleOptions {
  /**
   * The address at the other end of the socket: needed for `trustProxy`, and for plain HTTP in
   * development where `NODE_ENV` is not set.
   */
  readonly remoteAddress?: string | undefined;
}

/** How to open a session. */
export interface OpenOptions {
  /**
   * Asks the store, before anything that must not rest on what held some seconds ago. Where the
   * request has opened its session already, what is newer in the store shows from then on.
   *
   * @defaultValue `false`
   */
  readonly fresh?: boolean | undefined;
}

/** The sessions of one application, made by {@link createSessions}. */
export interface Sessions<D extends object> {
  /**
   * The session of a request: the same one at each call within the request.
   *
   * @param request - The framework's own request object.
   * @param options - `fresh` asks the store where a copy in a cookie would do (`cookieCache`).
   * @throws {@link OptionsError} if no adapter is mounted for it, {@link StoreError} if the store
   * cannot answer.
   * @example
   * const session = await sessions.open(req);
   */
  open(request: object, options?: OpenOptions): Promise<Session<D>>;
  /**
   * Lets a request object that was made from another one lead to the same session.
   *
   * A copy of a web `Request` is known without it as long as it carries a session's cookie, for
   * that proves whose it is; the copy of a visitor's who has no session yet is not.
   *
   * @returns The copy.
   * @throws {@link OptionsError} if no adapter is mounted for the request, or if the copy leads to
   * another session already.
   * @example
   * import { Hono } from "hono";
   * import { createSessions } from "sojourn";
   * import { sessionMiddleware } from "sojourn/hono";
   *
   * const sessions = createSessions();
   * const app = new Hono().use(sessionMiddleware(sessions));
   * app.mount("/account", async (request) => {
   *   const session = await sessions.open(request);
   *   return new Response(session.userId ?? "Nobody");
   * }, { replaceRequest: (request) => sessions.alias(request, new Request(request)) });
   */
  alias<Copy extends object>(request: object, copy: Copy): Copy;
  /**
   * A look at the session without an adapter: for a WebSocket upgrade or a server component.
   * Creates, touches and sends nothing.
   *
   * @returns `undefined` where there is no live session.
   * @throws {@link StoreError} if the store cannot answer.
   */
  read(source: SessionSource): Promise<SessionView<D> | undefined>;
  /**
   * Runs a web-standard handler with sessions: call `sessions.open(request)` inside.
   *
   * @returns The handler's response, with the session's cookie. Where the session cannot be kept,
   * a plain answer with the error's status. An error of the handler's own is thrown on, unless a
   * transition's cookie must go out: then it is printed, and answered with a plain 500.
   * @example
   * Bun.serve({ fetch: (request) => sessions.handle(request, shop) });
   */
  handle(
    request: Request,
    handler: (request: Request) => Response | Promise<Response>,
    options?: HandleOptions,
  ): Promise<Response>;
  /** A session by its public id. @throws {@link OptionsError} for sessions in cookies. */
  find(id: string): Promise<SessionInfo | undefined>;
  /**
   * A user's sessions, the most recently seen first.
   *
   * @throws {@link OptionsError} if the store keeps no directory, and for sessions in cookies.
   */
  list(of: { readonly userId: string }): Promise<SessionInfo[]>;
  /**
   * Ends a session by its public id, or what it has become by a new token.
   *
   * @param of - Makes sure that the session is that user's own: pass it for ids from a URL. An
   * `undefined` user owns none. For sessions in cookies it must be there.
   * @returns Whether a session was ended; for one in a cookie, whether it had not been ended before.
   */
  revoke(id: string, of?: { readonly userId?: string | undefined }): Promise<boolean>;
  /**
   * Ends a user's sessions everywhere, also those that are being signed in at this moment.
   *
   * @param of - `except` spares one session, by its id.
   * @returns How many were ended; 0 for sessions in cookies, which nobody can count.
   * @throws {@link OptionsError} if the store keeps no directory.
   */
  revokeAll(of: { readonly userId: string; readonly except?: string | undefined }): Promise<number>;
  /**
   * How many sessions are live.
   *
   * @throws {@link OptionsError} if the store keeps no directory, and for sessions in cookies.
   */
  count(): Promise<number>;
  /**
   * Deletes what has expired, where the store does not by itself: in as many steps as it takes, each
   * within `storeTimeout`. A store may leave for an hour what nobody sees any more.
   *
   * @returns How many.
   * @throws {@link StoreError} if the store cannot answer.
   */
  deleteExpired(): Promise<number>;
  /**
   * Listens to what happens.
   *
   * @returns The function that stops listening.
   * @throws {@link OptionsError} for an event that there is not.
   */
  on<Name extends keyof SessionEvents>(name: Name, listener: SessionListener<Name>): () => void;
  /** Stops timers and closes what the store opened itself. */
  close(): Promise<void>;
}
