import { endOf } from "./clocks.ts";
import { type Engine, startDeadline } from "./engine.ts";
import { OptionsError } from "./errors.ts";
import { exported } from "./exporting.ts";
import { onlook } from "./hearing/store-onlooker.ts";
import { EndingAll } from "./lifecycle/ending-all.ts";
import { endFollowing } from "./lifecycle/endings.ts";
import { forgetUser } from "./lifecycle/forgetting.ts";
import type { EndedListener, OnEndedOptions, Onlooker } from "./onlooker.ts";
import { checkUserId, requireKnownKeys } from "./option-checks.ts";
import type { SessionFacts } from "./record.ts";
import { infoOf } from "./session-info.ts";
import type { ExportedSession, SessionInfo, Sessions } from "./sessions.ts";
import type { Directory } from "./store.ts";
import { parseId, type SessionId } from "./token.ts";

/** What can be done to sessions from outside their requests. */
export type Administration = Pick<
  Sessions<object>,
  "find" | "list" | "revoke" | "revokeAll" | "forget" | "export" | "count" | "onEnded"
>;

/** Administers sessions that lie in a store. */
export class StoreAdministration implements Administration {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
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
    // A guard that is misspelt guards nothing.
    requireKnownKeys("revoke", of, ["userId"]);
    const known = parseId(id);
    if (known === undefined) return false;
    const deadline = startDeadline(this.#engine);
    // A guard that is undefined, as an anonymous visitor's userId is, guards all the same.
    const owner = "userId" in of ? { userId: of.userId } : undefined;
    const ending = { reason: "revoked", owner } as const;
    const ended = await endFollowing(this.#engine, known, ending, deadline);
    if (ended === undefined) return false;
    // Who was refused a new token has ended, and told it.
    if (ended.record === undefined) return true;
    this.#emitRevoked(ended.id, ended.userId);
    // One past its timeouts was still there, but of no use to anybody.
    return this.#isOurs(ended.record);
  }

  async revokeAll(of: { readonly userId: string; readonly except?: string }): Promise<number> {
    requireKnownKeys("revokeAll", of, ["userId", "except"]);
    checkUserId("revokeAll(userId)", of.userId);
    const directory = this.#directory("revokeAll");
    const except = exceptedId(of.except);
    const ending = new EndingAll(this.#engine, directory, of.userId, (id) =>
      this.#emitRevoked(id, of.userId),
    );
    return except === undefined ? ending.all() : ending.allBut(except);
  }

  async forget(of: { readonly userId: string }): Promise<number> {
    requireKnownKeys("forget", of, ["userId"]);
    checkUserId("forget(userId)", of.userId);
    const directory = this.#directory("forget");
    const user = { manager: this.#engine.name, userId: of.userId };
    return forgetUser(this.#engine, directory, user, (id) => this.#emitRevoked(id, of.userId));
  }

  export(of: { readonly userId: string }): AsyncIterable<ExportedSession> {
    requireKnownKeys("export", of, ["userId"]);
    checkUserId("export(userId)", of.userId);
    const user = { manager: this.#engine.name, userId: of.userId };
    return exported(this.#engine, this.#directory("export"), user);
  }

  async count(): Promise<number> {
    const directory = this.#directory("count");
    return this.#engine.keeper.read("count", startDeadline(this.#engine), (call) =>
      directory.count(this.#engine.name, call),
    );
  }

  async onEnded(listener: EndedListener, options?: OnEndedOptions): Promise<Onlooker> {
    return onlook(this.#engine, listener, options);
  }

  #isOurs(record: SessionFacts): boolean {
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

  #emitRevoked(id: string, userId: string | undefined): void {
    const { environment, events } = this.#engine;
    events.emit("revoked", { at: environment.now(), id, userId });
  }
}

function exceptedId(except: string | undefined): SessionId | undefined {
  const known = parseId(except);
  if (except === undefined || known !== undefined) return known;
  throw new OptionsError("revokeAll(except)", "pass the session's id, as in session.id.");
}
