import { type Administration, StoreAdministration } from "./administration.ts";
import { Keeper } from "./commit/keeper.ts";
import { durationMs } from "./duration.ts";
import { type Engine, engineOn, keychainFor, type Protection, startDeadline } from "./engine.ts";
import type { Environment } from "./environment.ts";
import { checkListener, Events, type SessionEvents, type SessionListener } from "./events.ts";
import { NO_REPLY, type RequestHead } from "./exchange.ts";
import type {
  ExpectHandOffOptions,
  HandOffOptions,
  RedeemOptions,
  Redemption,
} from "./hand-off.ts";
import { EndFeed } from "./hearing/end-feed.ts";
import { keepInternals } from "./internals.ts";
import { Families } from "./lifecycle/families.ts";
import { LeaseLines } from "./lifecycle/lease-lines.ts";
import type { EndedListener, OnEndedOptions, Onlooker } from "./onlooker.ts";
import { oneOf, requireKnownKeys } from "./option-checks.ts";
import type { EngineSettings } from "./options.ts";
import type { Carrier } from "./passage.ts";
import { prepare } from "./preparing.ts";
import { Home } from "./records.ts";
import { claimName, releaseName } from "./registry.ts";
import type { ErrorContext } from "./report.ts";
import { arrivalOf, QUIET } from "./request/arrival.ts";
import { Attachments } from "./request/attachments.ts";
import { CrossSiteRule } from "./request/cross-site.ts";
import { foreignRefusal } from "./request/foreign.ts";
import { GUARDS } from "./request/guards.ts";
import { expectHandOff, handOff, redeem } from "./request/hand-off.ts";
import { protectedBy } from "./request/protections.ts";
import { unattached } from "./request/unattached.ts";
import { viewOf } from "./request/view.ts";
import { headOf } from "./request-head.ts";
import type { Session, SessionView } from "./session.ts";
import type {
  DeletedExpired,
  DeleteExpiredOptions,
  ExportedSession,
  HandleOptions,
  OpenOptions,
  SessionInfo,
  SessionSource,
  Sessions,
} from "./sessions.ts";
import type { SessionStore } from "./store.ts";
import { Sweeping } from "./sweeping.ts";

/** What a manager is made of. */
export interface ManagerParts {
  readonly settings: EngineSettings;
  readonly store: SessionStore;
  readonly carrier: Carrier;
  readonly environment: Environment;
  /** What the application adds to what its sessions do by themselves. */
  readonly protections?: readonly Protection[] | undefined;
  /** What can be done to sessions from outside their requests, where the store does not know them. */
  readonly administration?: ((engine: Engine) => Administration) | undefined;
  /** The adapter for web-standard handlers, from the layer above. */
  readonly handle: (
    sessions: object,
    request: Request,
    handler: (request: Request) => Response | Promise<Response>,
    options?: HandleOptions,
  ) => Promise<Response>;
}

/** The manager behind {@link Sessions}. */
export class SessionManager<D extends object> implements Sessions<D> {
  readonly #engine: Engine;
  readonly #attachments: Attachments;
  readonly #administration: Administration;
  readonly #handle: ManagerParts["handle"];
  readonly #sweeping: Sweeping;
  #isClosed = false;

  constructor(parts: ManagerParts) {
    const { settings, store, carrier, environment } = parts;
    claimName(store, settings.name);
    const events = new Events(environment.notice);
    const keeper = new Keeper(store, (error) =>
      events.emit("storeError", { at: environment.now(), error }),
    );
    const home = new Home(keeper, { ...settings, environment, events });
    const { origin, queue } = home;
    const unprotected: Engine = {
      ...settings,
      crossSite: new CrossSiteRule(
        settings.crossSite,
        environment.addressOf,
        (request) => carrier.isMeant?.(request) === true,
      ),
      ...{ home, keeper, origin, queue, carrier, environment, events },
      families: new Families(keeper, settings.name, environment),
      leases: new LeaseLines(),
      endings: new EndFeed({
        keeper,
        storeTimeoutMs: settings.storeTimeoutMs,
        now: environment.now,
      }),
      guards: GUARDS,
      protections: undefined,
      protectionNames: [],
      isHome: parts.administration === undefined,
      writesNeedHeaders: false,
    };
    this.#engine = { ...unprotected, ...protectedBy(unprotected, parts.protections ?? []) };
    const engine = this.#engine;
    this.#attachments = new Attachments({
      presented: (request) => this.#presentedBy(request),
      mayPresent: (request) => carrier.mayArrive?.(request) ?? true,
    });
    this.#administration = parts.administration?.(engine) ?? new StoreAdministration(engine);
    this.#handle = parts.handle;
    this.#sweeping = new Sweeping(engine, (error) => this.#report(error, "background"));
    const isClosed = (): boolean => this.#isClosed;
    keepInternals(this, { engine: this.#engine, attachments: this.#attachments, isClosed });
  }

  open(request: object, options?: OpenOptions): Promise<Session<D>> {
    if (options !== undefined) return this.#openBy(request, options);
    return this.#open(request, false);
  }

  async #openBy(request: object, options: OpenOptions): Promise<Session<D>> {
    requireKnownKeys("open", options, ["fresh", "crossSite"]);
    const { fresh = false, crossSite } = options;
    oneOf("open.crossSite", crossSite, ["refuse", "allow"]);
    return this.#open(request, fresh, crossSite);
  }

  #open(request: object, fresh: boolean, crossSite?: "refuse" | "allow"): Promise<Session<D>> {
    const visit = this.#attachments.find(request);
    // Not while constructing: a manager that nobody uses does nothing.
    this.#sweeping.start();
    if (visit === undefined) return this.#openCopied(request, fresh, crossSite);
    // The shape vouches for the type: what it refuses never becomes a session.
    const session: Promise<unknown> = visit.open(fresh, crossSite);
    return session as Promise<Session<D>>;
  }

  alias<Copy extends object>(request: object, copy: Copy): Copy {
    const visit = this.#attachments.find(request);
    if (visit === undefined) throw unattached(this.#engine, "sessions.alias(request)");
    this.#attachments.add(visit, [copy]);
    return copy;
  }

  async read(source: SessionSource): Promise<SessionView<D> | undefined> {
    const request = headOf(source);
    // Every page may open a WebSocket to every site, with its cookies: OWASP ASVS 5.0, 4.4.2.
    if (!this.#engine.crossSite.isAllowed && foreignRefusal(this.#engine, request))
      return undefined;
    const exchange = { request, reply: NO_REPLY };
    const passage = this.#engine.carrier.arrive(exchange, this.#engine.home, false);
    const engine = engineOn(this.#engine, passage);
    const deadline = startDeadline(engine, undefined, keychainFor(engine, passage));
    const live = await arrivalOf(engine, passage, deadline, QUIET, request);
    return live === undefined || live.isLocked ? undefined : viewOf<D>(engine, live);
  }

  handle(
    request: Request,
    handler: (request: Request) => Response | Promise<Response>,
    options?: HandleOptions,
  ): Promise<Response> {
    return this.#handle(this, request, handler, options);
  }

  async expectHandOff(request: object, options: ExpectHandOffOptions): Promise<string> {
    const session = await this.#open(request, true);
    return expectHandOff(this.#engine, session, options);
  }

  async handOff(session: Session<D>, options: HandOffOptions<D>): Promise<string> {
    return handOff(this.#engine, session, options);
  }

  async redeem(
    request: object,
    code: unknown,
    options: RedeemOptions = {},
  ): Promise<Redemption<D>> {
    const earlier = this.#attachments.find(request)?.changes();
    // Judged there, and told in its words.
    const session = await this.#open(request, true, "allow");
    return redeem(this.#engine, session, code, options, earlier);
  }

  find(id: string): Promise<SessionInfo | undefined> {
    return this.#administration.find(id);
  }

  list(of: { readonly userId: string }): Promise<SessionInfo[]> {
    return this.#administration.list(of);
  }

  revoke(id: string, of?: { readonly userId?: string }): Promise<boolean> {
    return this.#administration.revoke(id, of);
  }

  revokeAll(of: { readonly userId: string; readonly except?: string }): Promise<number> {
    return this.#administration.revokeAll(of);
  }

  forget(of: { readonly userId: string }): Promise<number> {
    return this.#administration.forget(of);
  }

  export(of: { readonly userId: string }): AsyncIterable<ExportedSession> {
    return this.#administration.export(of);
  }

  count(): Promise<number> {
    return this.#administration.count();
  }

  deleteExpired(): Promise<number>;
  deleteExpired(options: DeleteExpiredOptions): Promise<DeletedExpired>;
  async deleteExpired(options?: DeleteExpiredOptions): Promise<number | DeletedExpired> {
    if (options === undefined) return this.#sweeping.deleteAll();
    requireKnownKeys("deleteExpired", options, ["budget"]);
    return this.#sweeping.deleteWithin(durationMs("deleteExpired.budget", options.budget));
  }

  prepare(): Promise<void> {
    return prepare(this.#engine);
  }

  on<Name extends keyof SessionEvents>(name: Name, listener: SessionListener<Name>): () => void {
    checkListener(name, listener);
    return this.#engine.events.on(name, listener);
  }

  onEnded(listener: EndedListener, options?: OnEndedOptions): Promise<Onlooker> {
    return this.#administration.onEnded(listener, options);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sweeping.close();
    await this.#engine.endings.close();
    const { store } = this.#engine.keeper;
    if (releaseName(store, this.#engine.name)) await store.close?.();
  }

  /** A copy of a request is known by the session that both of them carry. */
  async #openCopied(
    request: object,
    isFresh: boolean,
    crossSite?: "refuse" | "allow",
  ): Promise<Session<D>> {
    const visit = this.#attachments.findCopied(request);
    const session: unknown = await visit?.open(isFresh, crossSite);
    if (visit?.isKnown !== true) throw unattached(this.#engine, "sessions.open(request)");
    return session as Session<D>;
  }

  /** The secrets that a request carries. */
  #presentedBy(request: RequestHead): readonly string[] {
    const { carrier, home } = this.#engine;
    const { presented, inheritance } = carrier.arrive({ request, reply: NO_REPLY }, home, false);
    return [...presented.map(({ token }) => token), ...(inheritance?.secrets ?? [])];
  }

  #report(error: unknown, outcome: ErrorContext["outcome"]): boolean {
    const { name, environment } = this.#engine;
    const context = { name, method: undefined, path: undefined, outcome };
    return environment.report(error, context, false);
  }
}
