import { endOf } from "./clocks.ts";
import type { Deadline } from "./deadline.ts";
import { type Engine, startDeadline } from "./engine.ts";
import { OptionsError } from "./errors.ts";
import { checkUserId } from "./option-checks.ts";
import { type SessionRecord, TOMBSTONE_MS } from "./record.ts";
import type { SessionInfo, Sessions } from "./sessions.ts";
import type { Directory } from "./store.ts";
import { newCommitId, parseId, type SessionId } from "./token.ts";
import { currentId, endFollowing } from "./transitions.ts";

/** What can be done to sessions from outside their requests. */
export type Administration = Pick<
  Sessions<object>,
  "find" | "list" | "revoke" | "revokeAll" | "count"
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

function infoOf(record: SessionRecord): SessionInfo {
  const { id, userId, createdAt, lastSeenAt, authenticatedAt, persistent, device } = record;
  const expiresAt = endOf(record);
  return { id, userId, createdAt, lastSeenAt, expiresAt, authenticatedAt, persistent, device };
}
