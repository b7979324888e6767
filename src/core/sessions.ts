import type { ValueKind } from "./codec.ts";
import type { Duration } from "./duration.ts";
import type { SessionEvents, SessionListener } from "./events.ts";
import type {
  ExpectHandOffOptions,
  HandOffOptions,
  RedeemOptions,
  Redemption,
} from "./hand-off.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { EndedListener, OnEndedOptions, Onlooker } from "./onlooker.ts";
import type { Session, SessionView } from "./session.ts";

/** Where `read` finds the cookie. */
export type SessionSource = Request | Headers | NodeRequest;

/** What is read of a Node `IncomingMessage`. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** As it was before a router took a part off: Express's. */
  readonly originalUrl?: string | undefined;
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
  /** What the application or its user calls the device. */
  readonly label: string | undefined;
  /** Where the user signed in, as the application has said. */
  readonly place: string | undefined;
}

/** All that is kept of one session of a person: plain data, as JSON carries it. Times are epoch ms. */
export interface ExportedSession extends SessionInfo {
  readonly idleEndsAt: number;
  readonly endsAt: number;
  /** What the application keeps in it, as it is stored; `undefined` where nobody can read it. */
  readonly data: JsonObject | undefined;
  /** What waits for {@link Session.take}, by its keys. */
  readonly messages: { readonly [key: string]: readonly JsonValue[] } | undefined;
  /**
   * Why the application does not get to see its data: `unknownKey` (sealed under a key that is retired
   * or missing), `altered`, `corrupt` (no JSON), or `schema`, whose data are here all the same; and
   * `boundToToken`, where they open with the visitor's own cookie alone
   * (`encrypted(store, keys, { bindTo: "token" })`).
   */
  readonly problem: "unknownKey" | "altered" | "corrupt" | "schema" | "boundToToken" | undefined;
}

/** How long `deleteExpired` may take. */
export interface DeleteExpiredOptions {
  /** It ends within this time, done or not; what is over the `storeTimeout` of one call is more of them. */
  readonly budget: Duration;
}

/** What `deleteExpired` came to within its budget. */
export interface DeletedExpired {
  /** How many were deleted. */
  readonly deleted: number;
  /** Whether nothing is left; else the next call goes on. */
  readonly isDone: boolean;
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
  /**
   * `"allow"` opens the session for a request that another site's page has sent, too: on a route that
   * others post to by design, and which checks by itself who began (`sojourn/callbacks`). `"refuse"`
   * refuses it whatever {@link EngineOptions.crossSite} says.
   *
   * @defaultValue as `crossSite` of `createSessions` says
   */
  readonly crossSite?: "refuse" | "allow" | undefined;
}

/**
 * The sessions of one application, made by {@link createSessions}.
 *
 * @typeParam K - As of a {@link Session}.
 */
export interface Sessions<D extends object, K extends ValueKind = "json"> {
  /**
   * The session of a request: the same one at each call within the request.
   *
   * @param request - The framework's own request object.
   * @param options - `fresh` asks the store where a copy in a cookie would do (`cookieCache`).
   * @throws {@link OptionsError} if no adapter is mounted for it, {@link StoreError} if the store
   * cannot answer, {@link CrossSiteError} (403) for what another site's page sends in the visitor's
   * name.
   * @example
   * const session = await sessions.open(req);
   */
  open(request: object, options?: OpenOptions): Promise<Session<D, K>>;
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
   * @returns `undefined` where there is no live session, or a locked one, and for a WebSocket, or a
   * request that may change something, of another site's page.
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
  /**
   * Begins to receive a sign-in from another domain or an app of the same sessions: this visitor, and
   * nobody else, can redeem a code that is made for the challenge, for an hour. Their verifier is made
   * of their session's token, so that it is kept nowhere.
   *
   * @returns The challenge to send along, and to nobody else (RFC 7636, S256). Fresh at each call.
   * @throws {@link OptionsError} for an audience that names nobody, and for sessions in cookies.
   * @example
   * const challenge = await sessions.expectHandOff(req, { audience: "https://shop.example" });
   * res.redirect(303, `https://accounts.example/hand-off?challenge=${challenge}`);
   */
  expectHandOff(request: object, options: ExpectHandOffOptions): Promise<string>;
  /**
   * Makes a code that carries this session's sign-in to another domain or an app, once. It opens
   * nothing without the verifier that only the receiving side has. Send it in the body of a POST.
   *
   * The code is void as soon as this session ends, or all of the user's do.
   *
   * @returns The code: 256 random bits as 43 characters, kept nowhere.
   * @throws {@link OptionsError} if nobody is signed in, and for sessions in cookies;
   * {@link CodecError} (422) for a challenge that is none; {@link SessionEndedError} if the session
   * has ended meanwhile.
   * @example
   * const audience = "https://shop.example";
   * const code = await sessions.handOff(session, { audience, challenge: token, ttl: "60s" });
   */
  handOff(session: Session<D>, options: HandOffOptions<D>): Promise<string>;
  /**
   * Signs the user of a code in, under a new token. Of all who redeem a code at the same moment, in
   * however many processes, one does. The new session is one of its own; it ends no later than the
   * one that the code came from, and `isFresh` asks when the user proved who they are there.
   *
   * @param request - A POST of the visitor who waits for it, by `expectHandOff` or by a `verifier`.
   * @param code - As the client has sent it, whatever that is.
   * @returns The session, or why nobody was signed in: for your log, not for the visitor.
   * @throws {@link SessionEndedError} if the visitor's session, or all of the user's, were ended at
   * that moment; {@link OptionsError} for sessions in cookies. The code is used up then.
   * @example
   * const redeemed = await sessions.redeem(req, req.body.code);
   * if (redeemed.ok) res.redirect(303, "/");
   * else res.status(403).send("That did not work. Please begin again.");
   */
  redeem(request: object, code: unknown, options?: RedeemOptions): Promise<Redemption<D>>;
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
   * Ends a user's sessions everywhere, as `revokeAll` does, and removes what names the user: what has
   * expired goes at once, not with the next sweep. What guards against a session that was missed stays
   * until no session can be that old, under a hash.
   *
   * After a failure call it again: what is done is done.
   *
   * @returns How many sessions were ended; 0 for sessions in cookies, which nobody can count.
   * @throws {@link OptionsError} if the store keeps no directory, {@link StoreError} if it cannot
   * answer.
   * @example
   * await sessions.forget({ userId: user.id });
   */
  forget(of: { readonly userId: string }): Promise<number>;
  /**
   * All that is kept of a user's live sessions, facts and data, one after another, so that no number
   * of them fills the memory. No token is in it. What cannot be opened is there too, and says so
   * (`problem`).
   *
   * @throws {@link OptionsError} at once if the store keeps no directory, and for sessions in cookies;
   * {@link StoreError} from the loop if the store cannot answer: then it is not all.
   * @example
   * for await (const session of sessions.export({ userId: user.id })) {
   *   console.log(JSON.stringify(session));
   * }
   */
  export(of: { readonly userId: string }): AsyncIterable<ExportedSession>;
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
   * As `deleteExpired()`, until nothing is left or the budget is used up: for a cron trigger where no
   * process lives long enough to do it by itself.
   *
   * @throws {@link OptionsError} for a budget that is no duration, {@link StoreError} if the store
   * cannot answer.
   * @example
   * const { deleted, isDone } = await sessions.deleteExpired({ budget: "20s" });
   */
  deleteExpired(options: DeleteExpiredOptions): Promise<DeletedExpired>;
  /**
   * Does at the start what the first visitor would find undone, so that a deployment fails there:
   * asks for the keys, connects to the store, which makes its tables, and sends it one write that
   * changes nothing. May be called again.
   *
   * @throws {@link StoreError} within `storeTimeout` if the store cannot answer, with the cause;
   * {@link OptionsError} if a function of keys fails.
   * @example
   * await sessions.prepare();
   * app.listen(3000);
   */
  prepare(): Promise<void>;
  /**
   * Listens to what happens.
   *
   * @returns The function that stops listening.
   * @throws {@link OptionsError} for an event that there is not.
   */
  on<Name extends keyof SessionEvents>(name: Name, listener: SessionListener<Name>): () => void;
  /**
   * Listens to what ends, through whichever process: for open connections, caches and logs.
   *
   * Where the store announces ends (Redis, PostgreSQL, memory) all of them are heard, within
   * milliseconds. What is watched is heard on every store, whatever was lost on the way.
   *
   * @param listener - Told of each ended session once. See {@link EndedEvent}.
   * @param options - `poll`: how late it may be where the store announces nothing.
   * @returns Once it hears: who watches sessions, and stops listening.
   * @throws {@link OptionsError} for sessions in cookies, {@link StoreError} if the store cannot be
   * listened to.
   * @example
   * const onlooker = await sessions.onEnded(({ ids, userId, reason }) => {
   *   console.log("ended", ids, userId, reason);
   * });
   */
  onEnded(listener: EndedListener, options?: OnEndedOptions): Promise<Onlooker>;
  /** Stops timers and closes what the store opened itself. */
  close(): Promise<void>;
}
