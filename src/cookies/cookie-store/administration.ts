import type { Administration } from "../../core/administration.ts";
import type { Deadline } from "../../core/deadline.ts";
import { type Engine, startDeadline } from "../../core/engine.ts";
import { OptionsError } from "../../core/errors.ts";
import { removeTraces } from "../../core/lifecycle/forgetting.ts";
import { TOKENS_PER_MILESTONE } from "../../core/lifecycle/succession.ts";
import { familyOf, isStopped } from "../../core/notes.ts";
import { checkUserId, requireKnownKeys } from "../../core/option-checks.ts";
import type { Tombstone } from "../../core/record.ts";
import type { Directory, StoreCall } from "../../core/store.ts";
import { endedId, newCommitId, parseId, type SessionId } from "../../core/token.ts";
import type { Revocations } from "./revocations.ts";

/** A parallel request may give one new token, or two; more than that is a pursuit. */
const STOP_AFTER = 2;

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

  async onEnded(): Promise<never> {
    throw unknowable("onEnded");
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
    requireKnownKeys("revokeAll", of, ["userId", "except"]);
    checkUserId("revokeAll(userId)", of.userId);
    const revocations = this.#required("revokeAll");
    if (of.except !== undefined) {
      throw new OptionsError(
        "revokeAll(except)",
        "a session in a cookie cannot be spared. Leave it out, and then call " +
          "session.signIn(userId) in the same request.",
      );
    }
    directoryOf(revocations, "revokeAll");
    return this.#endAll(revocations, of.userId);
  }

  /** The data lie with the visitor, sealed, and nothing opens them any more. */
  async forget(of: { readonly userId: string }): Promise<number> {
    requireKnownKeys("forget", of, ["userId"]);
    checkUserId("forget(userId)", of.userId);
    const revocations = this.#required("forget");
    const directory = directoryOf(revocations, "forget");
    const ended = await this.#endAll(revocations, of.userId);
    await removeTraces(this.#engine, directory, { manager: this.#engine.name, userId: of.userId });
    return ended;
  }

  export(): never {
    throw new OptionsError(
      "sessions.export",
      "sessions in cookies are known to their visitors alone: nothing is kept here but who has signed " +
        "out. In a request of the visitor's own, session.entries() gives what is in it.",
    );
  }

  async #endAll(revocations: Revocations, userId: string): Promise<number> {
    const { keeper, name } = this.#engine;
    await keeper.read(
      "raiseGeneration",
      startDeadline(this.#engine),
      (call) => revocations.raise({ manager: name, userId }, call),
      "unknown",
    );
    // Nobody knows how many cookies there are.
    return 0;
  }

  /** Ends the session, or what it has become by a new token. */
  async #revoke(
    revocations: Revocations,
    first: SessionId,
    userId: string,
    deadline: Deadline,
  ): Promise<boolean> {
    const { keeper, families } = this.#engine;
    let id = first;
    for (let steps = 1; ; steps += 1) {
      if (await this.#isEnded(revocations, id, userId, deadline)) return true;
      const place = endedId(id, userId, this.#engine.name);
      const find = (call: StoreCall): Promise<Tombstone | undefined> =>
        revocations.find(id, place, call);
      const stone = await keeper.read("load", deadline, find);
      if (stone?.next === undefined) return isOurDoing(stone, steps);
      // Who is given new tokens faster than we go would never be caught.
      if (steps === STOP_AFTER) await families.revoke(familyOf(stone), deadline);
      const isLong = steps >= STOP_AFTER && (steps - STOP_AFTER) % TOKENS_PER_MILESTONE === 0;
      const further = isLong ? await families.milestoneAfter(stone, deadline) : undefined;
      id = further ?? stone.next;
    }
  }

  /** Whether the session had not ended before. */
  async #isEnded(
    revocations: Revocations,
    id: SessionId,
    userId: string,
    deadline: Deadline,
  ): Promise<boolean> {
    const { keeper, name, environment, events } = this.#engine;
    const { now } = deadline;
    const told = { reason: "revoked", endedAt: now, next: undefined, notes: undefined } as const;
    const version = newCommitId(environment.random);
    const ending = revocations.recordOf({ id, userId, manager: name, version, ...told });
    const outcome = await keeper
      .create(ending, deadline)
      .finally(() => revocations.forget(ending.id));
    if (outcome === "created") events.emit("revoked", { at: now, id, userId });
    return outcome === "created";
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

/** Who finds that it gets no new tokens ends its own session, and notes whose it was. */
function isOurDoing(stone: Tombstone | undefined, steps: number): boolean {
  return steps > STOP_AFTER && stone !== undefined && isStopped(stone);
}

function directoryOf({ store }: Revocations, method: string): Directory {
  if (store.directory !== undefined) return store.directory;
  throw new OptionsError(
    `sessions.${method}`,
    "the store of revocations cannot find sessions by user. Choose one with a directory, " +
      "such as sqliteStore.",
  );
}

function unknowable(method: string): OptionsError {
  return new OptionsError(
    `sessions.${method}`,
    "sessions in cookies are known to their visitors alone. Keep them on the server to find " +
      'them: sqliteStore("sessions.db") from "sojourn/sqlite".',
  );
}
