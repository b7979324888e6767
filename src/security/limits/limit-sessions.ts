import type { Engine, Hooks, Protection, SigningIn } from "../../core/engine.ts";
import { OptionsError } from "../../core/errors.ts";
import { endFollowing } from "../../core/lifecycle/endings.ts";
import { tombstone } from "../../core/lifecycle/transitions.ts";
import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { SessionRecord } from "../../core/record.ts";
import { infoOf } from "../../core/session-info.ts";
import type { SessionInfo } from "../../core/sessions.ts";
import type { Directory } from "../../core/store.ts";
import { newCommitId, type SessionId } from "../../core/token.ts";
import { Admissions, type Decision } from "./admissions.ts";
import { SessionLimitError } from "./errors.ts";
import { ofSeat, type Seat, seatIn, seatsOf } from "./seats.ts";

/** What happens to a sign-in that is one too many: see {@link LimitSessionsOptions.onLimit}. */
export type OnLimit = "endOldest" | "refuseNewest" | "ask";

/** How many sessions a user may have at the same time. */
export interface LimitSessionsOptions {
  /** How many, from 1 to 100: of each kind, where {@link LimitSessionsOptions.per} names kinds. */
  readonly perUser: number;
  /**
   * Names the kind of a session, such as `"phone"` for what its `device` tells: each kind has a limit
   * of its own. It is asked at each sign-in about the user's sessions.
   *
   * @defaultValue all are of one kind
   */
  readonly per?: ((session: SessionInfo) => string) | undefined;
  /**
   * `"endOldest"` ends the session that was signed in to longest ago; `"refuseNewest"` refuses the
   * sign-in with {@link SessionLimitError}; `"ask"` does so too, and the error tells which sessions
   * there are, so that a page can ask which of them to end.
   *
   * @defaultValue "endOldest"
   */
  readonly onLimit?: OnLimit | undefined;
}

/**
 * Limits how many sessions a user has at the same time, in all processes together: once all sign-ins
 * have resolved there are never more (OWASP ASVS 5.0, 7.1.2).
 *
 * Sessions that a new token continues count once, and so does the browser that signs in again. A
 * sign-in costs three calls more, one of them a `list` of the user's sessions, of which there are never
 * more than the limit. A request that signs nobody in costs nothing.
 *
 * @throws {@link OptionsError} if an option is wrong, and from `createSessions` over a store without a
 * directory, `cookieStore` and shared sessions, where nobody can count them.
 * @example
 * import { createSessions } from "sojourn";
 * import { limitSessions } from "sojourn/limits";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions({
 *   store: sqliteStore("sessions.db"),
 *   protections: [limitSessions({ perUser: 10 })],
 * });
 */
export function limitSessions(options: LimitSessionsOptions): Protection {
  const limit = checked(options);
  return {
    name: "limitSessions",
    protect(engine): Hooks {
      const { directory } = engine.keeper.store;
      if (directory === undefined || !engine.isHome) throw uncountable(engine);
      return new SessionLimit(limit, directory);
    },
  };
}

/** A thief who gives the session new tokens in a loop is not met where it was listed. */
const PLAIN_ATTEMPTS = 3;
/** Ends under way at the same time, of an account from before there was a limit. */
const AT_ONCE = 32;

/** Counts a user's sessions once the new one is stored, and lets it in or takes it back. */
class SessionLimit implements Hooks {
  readonly #limit: Required<LimitSessionsOptions>;
  readonly #directory: Directory;

  constructor(limit: Required<LimitSessionsOptions>, directory: Directory) {
    this.#limit = limit;
    this.#directory = directory;
  }

  async signingIn({ engine }: SigningIn): ReturnType<Required<Hooks>["signingIn"]> {
    return [ofSeat(newCommitId(engine.environment.random))];
  }

  async signedIn(record: SessionRecord, signing: SigningIn): Promise<readonly SessionId[]> {
    const { engine, userId, deadline } = signing;
    const isOfKind = this.#kindOf(record);
    const madeRoom: SessionId[] = [];
    const decision: Decision = {
      seats: () => this.#seats(signing),
      hasRoom: async (others, attempts) => {
        const ended = await this.#makeRoom(others.filter(isOfKind), attempts, signing);
        madeRoom.push(...(ended ?? []));
        return ended === undefined;
      },
    };
    const own = seatIn(record) ?? record.id;
    await new Admissions(engine, userId).admit(own, decision, deadline);
    return madeRoom;
  }

  /** Resolves to what has ended, `undefined` where there is room. */
  async #makeRoom(
    others: readonly Seat[],
    attempts: number,
    signing: SigningIn,
  ): Promise<readonly SessionId[] | undefined> {
    const { perUser, onLimit } = this.#limit;
    const surplus = others.slice(0, Math.max(0, others.length + 1 - perUser));
    if (surplus.length === 0) return undefined;
    if (onLimit !== "endOldest") throw this.#refusal(signing, onLimit === "ask" ? others : []);
    const isFollowed = attempts >= PLAIN_ATTEMPTS;
    const ended: SessionId[] = [];
    for (let at = 0; at < surplus.length; at += AT_ONCE) {
      const some = surplus.slice(at, at + AT_ONCE);
      const ids = await Promise.all(some.map((seat) => this.#end(seat, signing, isFollowed)));
      ended.push(...ids.filter((id) => id !== undefined));
    }
    return ended;
  }

  async #seats({ engine, userId, deadline }: SigningIn): Promise<readonly Seat[]> {
    const user = { manager: engine.name, userId };
    const listed = await engine.keeper.read("list", deadline, (call) =>
      this.#directory.list(user, call),
    );
    return seatsOf(listed, engine.name, deadline.now);
  }

  /** Tells whether a seat is of the same kind as a session. */
  #kindOf(record: SessionRecord): (seat: Seat) => boolean {
    const { per } = this.#limit;
    if (per === undefined) return () => true;
    const kind = checkedKind(per(infoOf(record)));
    return ({ facts }) => checkedKind(per(infoOf(facts))) === kind;
  }

  /** What it has become meanwhile is listed again, and may be a newer sign-in. */
  async #end(
    { facts }: Seat,
    signing: SigningIn,
    isFollowed: boolean,
  ): Promise<SessionId | undefined> {
    const { engine, userId, deadline } = signing;
    if (isFollowed) {
      const ending = { reason: "revoked", owner: { userId } } as const;
      const ended = await endFollowing(engine, facts.id, ending, deadline);
      if (ended?.record === undefined) return undefined;
      return this.#tellEnded(signing, ended.id);
    }
    const stone = tombstone(engine, facts, "revoked", deadline);
    const { kind } = await engine.keeper.end(stone, undefined, deadline);
    return kind === "ended" ? this.#tellEnded(signing, facts.id) : undefined;
  }

  #tellEnded({ engine, userId, request, deadline }: SigningIn, id: SessionId): SessionId {
    const at = deadline.now;
    engine.events.emit("revoked", { at, id, userId }, request);
    engine.events.emit("limited", { at, id, userId, limit: this.#limit.perUser }, request);
    return id;
  }

  #refusal(signing: SigningIn, others: readonly Seat[]): SessionLimitError {
    const { engine, userId, request, deadline } = signing;
    const limit = this.#limit.perUser;
    engine.events.emit("limited", { at: deadline.now, id: undefined, userId, limit }, request);
    return new SessionLimitError(
      limit,
      others.map(({ facts }) => infoOf(facts)),
    );
  }
}

function checkedKind(kind: unknown): string {
  if (typeof kind === "string") return kind;
  throw new OptionsError("limitSessions.per", "must return a text, the same for each of a kind.");
}

const MAX_PER_USER = 100;
const CHOICES: readonly OnLimit[] = ["endOldest", "refuseNewest", "ask"];

function checked(options: LimitSessionsOptions): Required<LimitSessionsOptions> {
  requireKnownKeys("limitSessions", options, ["perUser", "per", "onLimit"]);
  const { perUser, per } = options;
  if (!Number.isInteger(perUser) || perUser < 1 || perUser > MAX_PER_USER) {
    throw new OptionsError(
      "limitSessions.perUser",
      `must be a whole number from 1 to ${MAX_PER_USER}.`,
    );
  }
  if (per !== undefined && typeof per !== "function") {
    throw new OptionsError("limitSessions.per", "must be a function that names a session's kind.");
  }
  const onLimit = oneOf("limitSessions.onLimit", options.onLimit, CHOICES) ?? "endOldest";
  return { perUser, per, onLimit };
}

function uncountable({ isHome }: Engine): OptionsError {
  const reason = isHome
    ? "this store cannot find sessions by user. Choose one with a directory, such as sqliteStore."
    : "sessions in cookies, and those of another framework, cannot be counted. Keep them in a " +
      'store of ours, such as sqliteStore("sessions.db"), or leave limitSessions out.';
  return new OptionsError("protections", `limitSessions: ${reason}`);
}
