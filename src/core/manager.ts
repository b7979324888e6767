import { Attachments } from "./attachments.ts";
import type { Carrier } from "./carrier.ts";
import { endOf, expiredBy } from "./clocks.ts";
import { CommitQueue } from "./commit-queue.ts";
import type { Deadline } from "./deadline.ts";
import { type Engine, startDeadline } from "./engine.ts";
import type { Environment } from "./environment.ts";
import { OptionsError } from "./errors.ts";
import { Events, type SessionEvents, type SessionListener } from "./events.ts";
import { keepInternals } from "./internals.ts";
import { Keeper } from "./keeper.ts";
import { checkUserId } from "./option-checks.ts";
import type { EngineSettings } from "./options.ts";
import { type SessionRecord, TOMBSTONE_MS } from "./record.ts";
import { claimName, releaseName } from "./registry.ts";
import type { Session, SessionView } from "./session.ts";
import type { HandleOptions, SessionInfo, SessionSource, Sessions } from "./sessions.ts";
import { headOf } from "./source.ts";
import type { Directory, SessionStore } from "./store.ts";
import { newCommitId, parseId, parseToken, type SessionId, sessionId } from "./token.ts";
import { currentId, endFollowing } from "./transitions.ts";
import { viewOf } from "./view.ts";

/** What a manager is made of. */
export interface ManagerParts {
  readonly settings: EngineSettings;
  readonly store: SessionStore;
  readonly carrier: Carrier;
  readonly environment: Environment;
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
  readonly #attachments = new Attachments();
  readonly #handle: ManagerParts["handle"];
  #sweeper: NodeJS.Timeout | undefined;

  constructor({ settings, store, carrier, environment, handle }: ManagerParts) {
    claimName(store, settings.name);
    const events = new Events(environment.notice);
    const keeper = new Keeper(store, (error) =>
      events.emit("storeError", { at: environment.now(), error }),
    );
    const parts = { ...settings, carrier, environment, events, keeper };
    this.#engine = { ...parts, queue: new CommitQueue(parts) };
    this.#handle = handle;
    keepInternals(this, { engine: this.#engine, attachments: this.#attachments });
  }

  open(request: object): Promise<Session<D>> {
    const visit = this.#attachments.find(request);
    if (visit === undefined) {
      return Promise.reject(new OptionsError("sessions.open(request)", NOT_ATTACHED));
    }
    this.#startSweeping();
    // The shape vouches for the type: what it refuses never becomes a session.
    const session: Promise<unknown> = visit.open();
    return session as Promise<Session<D>>;
  }

  async read(source: SessionSource): Promise<SessionView<D> | undefined> {
    const { carrier, name, keeper, environment } = this.#engine;
    const { values, refused } = carrier.read(headOf(source));
    if (refused !== undefined) return undefined;
    const deadline = startDeadline(this.#engine);
    for (const token of values.slice(0, 4).map(parseToken)) {
      if (token === undefined) continue;
      const stored = await keeper.load(sessionId(token, name), deadline);
      if (stored?.kind !== "live" || expiredBy(stored, environment.now())) continue;
      const view = viewOf<D>(this.#engine, stored);
      if (view !== undefined) return view;
    }
    return undefined;
  }

  handle(
    request: Request,
    handler: (request: Request) => Response | Promise<Response>,
    options?: HandleOptions,
  ): Promise<Response> {
    return this.#handle(this, request, handler, options);
  }

  async find(id: string): Promise<SessionInfo | undefined> {
    const known = parseId(id);
    if (known === undefined) return undefined;
    const stored = await this.#engine.keeper.load(known, startDeadline(this.#engine));
    return stored?.kind === "live" && this.#isOurs(stored) ? infoOf(stored) : undefined;
  }

  async list({ userId }: { readonly userId: string }): Promise<SessionInfo[]> {
    checkUserId("list(userId)", userId);
    const directory = this.#directory("list");
    const user = { manager: this.#engine.name, userId };
    const records = await this.#engine.keeper.read("list", startDeadline(this.#engine), (call) =>
      directory.list(user, call),
    );
    return records.filter((record) => this.#isOurs(record)).map(infoOf);
  }

  async revoke(id: string, of: { readonly userId?: string } = {}): Promise<boolean> {
    const known = parseId(id);
    if (known === undefined) return false;
    const deadline = startDeadline(this.#engine);
    // A guard that is undefined, as an anonymous visitor's userId is, guards all the same.
    const isGuarded = "userId" in of;
    const accepts = ({ userId }: SessionRecord): boolean =>
      !isGuarded || (userId !== undefined && userId === of.userId);
    const ending = { reason: "revoked", accepts } as const;
    const ended = await endFollowing(this.#engine, known, ending, deadline);
    if (ended === undefined) return false;
    this.#emitRevoked(ended.id, ended.userId);
    // One past its timeouts was still there, but of no use to anybody.
    return this.#isOurs(ended);
  }

  async revokeAll(of: { readonly userId: string; readonly except?: string }): Promise<number> {
    checkUserId("revokeAll(userId)", of.userId);
    const { keeper, name, environment } = this.#engine;
    const directory = this.#directory("revokeAll");
    const deadline = startDeadline(this.#engine);
    const except = await this.#spared(of.except, deadline);
    const { now } = deadline;
    const user = { manager: name, userId: of.userId };
    // First the generation: a sign-in that reads it later is newer than this call.
    await keeper.read(
      "raiseGeneration",
      deadline,
      (call) => directory.raiseGeneration(user, call),
      "unknown",
    );
    const end = {
      except,
      version: newCommitId(environment.random),
      reason: "revoked",
      endedAt: now,
      expiresAt: now + TOMBSTONE_MS,
    } as const;
    const ids = await keeper.read(
      "endAll",
      deadline,
      (call) => directory.endAll(user, end, call),
      "unknown",
    );
    for (const id of ids) this.#emitRevoked(id, of.userId);
    return ids.length;
  }

  async count(): Promise<number> {
    const directory = this.#directory("count");
    return this.#engine.keeper.read("count", startDeadline(this.#engine), (call) =>
      directory.count(this.#engine.name, call),
    );
  }

  async deleteExpired(): Promise<number> {
    const { keeper } = this.#engine;
    const { expiry } = keeper.store;
    if (expiry === undefined) return 0;
    const deadline = startDeadline(this.#engine);
    return keeper.read("deleteExpired", deadline, (call) => expiry.deleteExpired(call), "unknown");
  }

  on<Name extends keyof SessionEvents>(name: Name, listener: SessionListener<Name>): () => void {
    return this.#engine.events.on(name, listener);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    const { store } = this.#engine.keeper;
    if (releaseName(store, this.#engine.name)) await store.close?.();
  }

  /** Not while constructing: a manager that nobody uses does nothing. */
  #startSweeping(): void {
    const { expiry } = this.#engine.keeper.store;
    if (this.#sweeper !== undefined || expiry === undefined) return;
    // A failure is reported as a storeError; the next turn tries again.
    const sweep = (): void => void this.deleteExpired().catch(() => undefined);
    this.#sweeper = setInterval(sweep, expiry.intervalMs).unref();
  }

  #isOurs(record: SessionRecord): boolean {
    const { name, environment } = this.#engine;
    return record.manager === name && environment.now() < endOf(record);
  }

  #directory(method: string): Directory {
    const { directory } = this.#engine.keeper.store;
    if (directory !== undefined) return directory;
    throw new OptionsError(
      `sessions.${method}`,
      "this store cannot find sessions by user. Choose one with a directory, such as sqliteStore.",
    );
  }

  /** The one to spare, under the id that it has by now. */
  async #spared(except: string | undefined, deadline: Deadline): Promise<SessionId | undefined> {
    if (except === undefined) return undefined;
    const known = parseId(except);
    if (known !== undefined) return currentId(this.#engine, known, deadline);
    throw new OptionsError("revokeAll(except)", "pass the session's id, as in session.id.");
  }

  #emitRevoked(id: string, userId: string | undefined): void {
    const { environment, events } = this.#engine;
    events.emit("revoked", { at: environment.now(), id, userId });
  }
}

const NOT_ATTACHED =
  "no session adapter has seen this request. Mount sessionMiddleware(sessions) before the " +
  "handler, or wrap it in sessions.handle(request, handler), and pass the framework's own " +
  "request object: req in Express and Node, c in Hono, the Request in handle.";

function infoOf(record: SessionRecord): SessionInfo {
  const { id, userId, createdAt, lastSeenAt, authenticatedAt, persistent, device } = record;
  const expiresAt = endOf(record);
  return { id, userId, createdAt, lastSeenAt, expiresAt, authenticatedAt, persistent, device };
}
