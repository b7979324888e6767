import type { Administration } from "../../core/administration.ts";
import type { Deadline } from "../../core/deadline.ts";
import { type Engine, startDeadline } from "../../core/engine.ts";
import { OptionsError } from "../../core/errors.ts";
import { checkUserId } from "../../core/option-checks.ts";
import type { Tombstone } from "../../core/record.ts";
import type { StoreCall } from "../../core/store.ts";
import { newCommitId, parseId, type SessionId } from "../../core/token.ts";
import type { Revocations } from "./revocations.ts";

/** Administers sessions that only their visitors have: they can be ended, not looked at. */
export class CookieAdministration implements Administration {
  readonly #engine: Engine;
  readonly #revocations: Revocations | undefined;

  constructor(engine: Engine, revocations: Revocations | undefined) {
    this.#engine = engine;
    this.#revocations = revocations;
  }

  async find(): Promise<never> {
    throw unknowable("find");
  }

  async list(): Promise<never> {
    throw unknowable("list");
  }

  async count(): Promise<never> {
    throw unknowable("count");
  }

  async revoke(id: string, of: { readonly userId?: string } = {}): Promise<boolean> {
    const revocations = this.#required("revoke");
    if (!("userId" in of)) {
      throw new OptionsError(
        "sessions.revoke",
        "whose session it is cannot be looked up, as it lies in a cookie. Pass its userId; one " +
          "that nobody has signed in to is ended by its visitor alone.",
      );
    }
    const { userId } = of;
    // As with sessions in a store: the userId of an anonymous visitor is a guard that lets none pass.
    if (userId === undefined) return false;
    checkUserId("revoke(userId)", userId);
    const known = parseId(id);
    if (known === undefined) return false;
    return this.#revoke(revocations, known, userId, startDeadline(this.#engine));
  }

  async revokeAll(of: { readonly userId: string; readonly except?: string }): Promise<number> {
    checkUserId("revokeAll(userId)", of.userId);
    const revocations = this.#required("revokeAll");
    if (of.except !== undefined) {
      throw new OptionsError(
        "revokeAll(except)",
        "a session in a cookie cannot be spared. Leave it out, and then call " +
          "session.signIn(userId) in the same request.",
      );
    }
    if (revocations.store.directory === undefined) {
      throw new OptionsError(
        "sessions.revokeAll",
        "the store of revocations cannot find sessions by user. Choose one with a directory, " +
          "such as sqliteStore.",
      );
    }
    const { keeper, name } = this.#engine;
    const user = { manager: name, userId: of.userId };
    await keeper.read(
      "raiseGeneration",
      startDeadline(this.#engine),
      (call) => revocations.raise(user, call),
      "unknown",
    );
    // Nobody knows how many cookies there are.
    return 0;
  }

  /** Ends the session, or what it has become by a new token. */
  async #revoke(
    revocations: Revocations,
    id: SessionId,
    userId: string,
    deadline: Deadline,
  ): Promise<boolean> {
    const { keeper, name, environment, events } = this.#engine;
    const { now } = deadline;
    const facts = { reason: "revoked", endedAt: now, next: undefined } as const;
    const version = newCommitId(environment.random);
    const ending = revocations.recordOf({ id, userId, manager: name, version, ...facts }, now);
    const outcome = await keeper.create(ending, deadline);
    revocations.forget(ending.id);
    if (outcome === "created") {
      events.emit("revoked", { at: now, id, userId });
      return true;
    }
    const find = (call: StoreCall): Promise<Tombstone | undefined> =>
      revocations.find(id, ending.id, call);
    const next = (await keeper.read("load", deadline, find))?.next;
    return next !== undefined && this.#revoke(revocations, next, userId, deadline);
  }

  #required(method: string): Revocations {
    if (this.#revocations !== undefined) return this.#revocations;
    throw new OptionsError(
      `sessions.${method}`,
      "cookieStore was told to do without revocations, so nobody but the visitor can end a " +
        'session. Give it a store: cookieStore({ revocations: sqliteStore("revoked.db") }).',
    );
  }
}

function unknowable(method: string): OptionsError {
  return new OptionsError(
    `sessions.${method}`,
    "sessions in cookies are known to their visitors alone. Keep them on the server to find " +
      'them: sqliteStore("sessions.db") from "sojourn/sqlite".',
  );
}
