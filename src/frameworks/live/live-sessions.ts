import type { IncomingMessage } from "node:http";
import type { ValueKind } from "../../core/codec.ts";
import { type Duration, durationMs } from "../../core/duration.ts";
import { type Engine, keychainFor, startDeadline } from "../../core/engine.ts";
import { OptionsError } from "../../core/errors.ts";
import { type Exchange, NO_REPLY, type RequestHead } from "../../core/exchange.ts";
import { SAFETY_MS } from "../../core/hearing/rhythm.ts";
import { TokenWatch } from "../../core/hearing/token-watch.ts";
import { internalsOf } from "../../core/internals.ts";
import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import { type ErrorContext, pathOf } from "../../core/report.ts";
import { arrivalOf, type Live, QUIET } from "../../core/request/arrival.ts";
import { tellRefused } from "../../core/request/foreign.ts";
import { headIn, IncomingHead } from "../../core/request-head.ts";
import type { SessionSource, Sessions } from "../../core/sessions.ts";
import { Connection, type Switchboard } from "./connection.ts";
import { Handshake, liveEngine } from "./handshake.ts";
import type { LiveSession } from "./live-session.ts";
import { Silence } from "./silence.ts";
import { type Closing, endOf, whenOver } from "./until.ts";

/** How live connections are watched. */
export interface LiveOptions {
  /**
   * How often the session of each connection is looked at of which nothing is heard: so late at most is
   * an end noticed whose announcement was lost, and what no store announces, as that a protection refuses
   * it. Each look loads one record: 10,000 sessions and `"10s"` are a thousand loads a second.
   *
   * @defaultValue `"5m"` where the store announces ends, else `"10s"`, and a warning
   */
  readonly check?: Duration | undefined;
  /**
   * How long a connection goes on of which nobody can tell whether its session lives, as the store does
   * not answer. Then it ends (`silence`).
   *
   * @defaultValue `"1m"`
   */
  readonly maxSilence?: Duration | undefined;
}

/** How to begin a live connection. */
export interface ConnectOptions {
  /**
   * `"allow"` lets pages of every origin connect, `"refuse"` those of other sites in no case.
   *
   * @defaultValue as `crossSite` of `createSessions` says
   */
  readonly crossSite?: "refuse" | "allow" | undefined;
  /**
   * What tells that the connection is over: the response to a Node request, or a signal.
   *
   * @defaultValue the request's `signal`, or its TCP connection, which may outlive a response
   */
  readonly until?: AbortSignal | Closing | undefined;
}

/**
 * The live connections of one application's sessions, made by {@link liveSessions}.
 *
 * @typeParam K - As of a {@link Session}.
 */
export interface LiveSessions<D extends object, K extends ValueKind = "json"> {
  /** How many connections there are. */
  readonly size: number;
  /**
   * Opens the session of a handshake, or of any request whose response goes on for long, and follows it
   * until the connection is over. Creates, touches and sends nothing.
   *
   * @param source - An `IncomingMessage`, a `Request` or its `Headers`.
   * @returns `undefined` where the visitor has no live session, or a locked one.
   * @throws {@link CrossSiteError} (403) for a page of another origin, whatever the method;
   * {@link StoreError} (503) if the store cannot answer, or be listened to; {@link OptionsError} for sessions
   * in cookies, and those shared with another framework: nobody is told of their ends.
   * @example
   * const connection = await live.connect(req, { until: res });
   * if (connection?.userId === undefined) return res.sendStatus(401);
   * res.writeHead(200, { "Content-Type": "text/event-stream" });
   * res.write("retry: 1000\n\n");
   * connection.onEnded(() => res.end());
   */
  connect(source: SessionSource, options?: ConnectOptions): Promise<LiveSession<D, K> | undefined>;
  /**
   * The session of a socket that `sojourn/ws` or `sojourn/socket.io` has let in.
   *
   * @throws {@link OptionsError} for any other.
   */
  of(socket: object): LiveSession<D, K>;
  /** Ends all connections (`closing`), and begins none any more. */
  close(): Promise<void>;
}

/**
 * Live connections for the sessions of a manager: WebSockets, event streams, whatever stays open.
 *
 * Each ends when its session does, through whichever process. One subscription for all of them, and one
 * entry for each.
 *
 * @throws {@link OptionsError} for what createSessions() has not made, and for an unknown option.
 * @example
 * const live = liveSessions(sessions);
 */
export function liveSessions<D extends object, K extends ValueKind = "json">(
  sessions: Sessions<D, K>,
  options: LiveOptions = {},
): LiveSessions<D, K> {
  requireKnownKeys("liveSessions", options, ["check", "maxSilence"]);
  const hub: unknown = new LiveHub(sessions, options);
  return hub as LiveSessions<D, K>;
}

/** The inside of what {@link liveSessions} has made, for our faces of socket servers. */
export function hubOf(live: object): LiveHub {
  if (live instanceof LiveHub) return live;
  throw new OptionsError("live", "pass what liveSessions(sessions) returned.");
}

/** The connections of one manager. */
export class LiveHub implements LiveSessions<object>, Switchboard {
  readonly engine: Engine;
  /** As requests ask it. */
  readonly #plain: Engine;
  readonly #sessions: Pick<Sessions<object>, "onEnded">;
  readonly #everyMs: number;
  readonly #isChosen: boolean;
  readonly #silence: Silence<Connection>;
  readonly #connections = new Set<Connection>();
  readonly #bySocket = new WeakMap<object, Connection>();
  #watching: Promise<TokenWatch> | undefined;
  #watch: TokenWatch | undefined;
  #isClosed = false;

  constructor(
    sessions: Pick<Sessions<object>, "onEnded">,
    { check, maxSilence = "1m" }: LiveOptions,
  ) {
    const { engine } = internalsOf(sessions);
    const usual = engine.endings.announces ? SAFETY_MS : "10s";
    this.#sessions = sessions;
    this.#plain = engine;
    this.engine = liveEngine(engine);
    this.#everyMs = durationMs("liveSessions(check)", check ?? usual);
    this.#isChosen = check !== undefined;
    const maxMs = durationMs("liveSessions(maxSilence)", maxSilence);
    this.#silence = new Silence(maxMs, (connection) => connection.end("silence"));
  }

  get size(): number {
    return this.#connections.size;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async connect(
    source: SessionSource,
    options: ConnectOptions = {},
  ): Promise<Connection | undefined> {
    requireKnownKeys("connect", options, ["crossSite", "until"]);
    const request = headIn(source);
    if (request === undefined) {
      throw new OptionsError("connect(source)", "pass a Request, a Headers or an IncomingMessage.");
    }
    const until = options.until ?? endOf(source);
    this.#refuseForeign(request, options.crossSite);
    const watch = await this.#begun();
    const live = await this.#arrival(request);
    if (live === undefined || live.isLocked) return undefined;
    return this.#entered(watch, request, live, until);
  }

  of(socket: object): Connection {
    const connection = this.#bySocket.get(Object(socket));
    if (connection !== undefined) return connection;
    throw new OptionsError(
      "live.of(socket)",
      "this socket was not let in by acceptSockets() or socketMiddleware() of the same live sessions.",
    );
  }

  /** From here on the socket leads to its session. */
  keep(socket: object, connection: Connection): void {
    this.#bySocket.set(socket, connection);
  }

  /** Tells whoever runs the application of a failure. */
  report(error: unknown, request: IncomingMessage, outcome: ErrorContext["outcome"]): void {
    const { name, environment } = this.engine;
    const { method, target } = new IncomingHead(request);
    environment.report(error, { name, method, path: pathOf(target), outcome }, false);
  }

  lookAt({ id }: Connection): void {
    this.#watch?.lookAt(id);
  }

  doubt(connection: Connection): void {
    this.#silence.begin(connection);
  }

  know(connection: Connection): void {
    this.#silence.end(connection);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const connection of [...this.#connections]) connection.end("closing");
    const watch = await this.#watching?.catch(() => undefined);
    await watch?.close();
  }

  #refuseForeign(request: RequestHead, option: ConnectOptions["crossSite"]): void {
    oneOf("connect.crossSite", option, ["refuse", "allow"]);
    const { crossSite } = this.#plain;
    if (option === undefined ? crossSite.isAllowed : option === "allow") return;
    const refusal = crossSite.refusalOfConnection(request);
    if (refusal === undefined) return;
    tellRefused(this.#plain, request, refusal);
    throw refusal;
  }

  /** Hears what ends, before anything is read: what ends in between is not missed. */
  async #begun(): Promise<TokenWatch> {
    if (this.#isClosed) throw closed();
    this.#watching ??= this.#begin();
    const current = this.#watching;
    try {
      return await current;
    } catch (error) {
      // The next one tries again.
      if (this.#watching === current) this.#watching = undefined;
      throw error;
    }
  }

  async #begin(): Promise<TokenWatch> {
    const { endings, environment, isHome } = this.#plain;
    // It says why it cannot be: where sessions lie in cookies, or there is no store.
    if (!isHome) await this.#sessions.onEnded(() => undefined);
    if (!endings.announces && !this.#isChosen) environment.notice(SILENT);
    const watch = new TokenWatch(this.#plain, {
      everyMs: this.#everyMs,
      onClose: () => this.close(),
      closed,
    });
    await watch.begin();
    this.#watch = watch;
    return watch;
  }

  async #arrival(request: RequestHead): Promise<Live | undefined> {
    const engine = this.#plain;
    const exchange: Exchange = { request, reply: NO_REPLY };
    const passage = engine.carrier.arrive(exchange, engine.home, true);
    const deadline = startDeadline(engine, undefined, keychainFor(engine, passage));
    return arrivalOf(engine, passage, deadline, QUIET, request);
  }

  #entered(
    watch: TokenWatch,
    request: RequestHead,
    { token, record }: Live,
    until: AbortSignal | Closing | undefined,
  ): Connection {
    if (this.#isClosed) throw closed();
    const handshake = new Handshake(request, { token, id: record.id });
    const connection = new Connection(this, handshake, record);
    this.#connections.add(connection);
    connection.stopBy(() => void this.#connections.delete(connection));
    connection.stopBy(watch.watch(record.id, connection));
    if (until !== undefined) connection.stopBy(whenOver(until, () => connection.close()));
    return connection;
  }
}

const SILENT =
  "This store does not announce which sessions end, so live connections end up to 10s after their " +
  'sessions where another process ends those. Say how late it may be: liveSessions(sessions, { check: "10s" }).';

function closed(): OptionsError {
  return new OptionsError("live.connect", "these live sessions are closed.");
}
