import { GRACE_MS, longestLifeMs } from "../../core/clocks.ts";
import type { Deadline } from "../../core/deadline.ts";
import { type Duration, durationMs } from "../../core/duration.ts";
import {
  type Engine,
  type Hooks,
  type Protection,
  type SigningIn,
  startDeadline,
  type Verdict,
} from "../../core/engine.ts";
import { OptionsError } from "../../core/errors.ts";
import { internalsOf } from "../../core/internals.ts";
import { entryOf, type NoteEdit, put } from "../../core/notes.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";
import type { Home } from "../../core/records.ts";
import { sideManager } from "../../core/side-record.ts";
import type { Directory, UserKey } from "../../core/store.ts";

/** How soon everybody is out. */
export interface EveryoneOptions {
  /**
   * How long a process may go by what it knows, from `"1s"` to `"5m"`: so much later at the most a
   * session opens in another process than the one that has called {@link revokeEveryone}.
   *
   * @defaultValue "30s"
   */
  readonly within?: Duration | undefined;
}

/**
 * Lets {@link revokeEveryone} end the sessions of all users at once, wherever they are kept: in a store,
 * in cookies, in copies (OWASP ASVS 5.0, 7.4.5). Each session notes the epoch that it was signed in
 * under; each process asks the store for the newest one when it has been going by the last answer for
 * `within`, so that no request costs a call of its own. A sign-in costs one.
 *
 * Where that answer cannot be had, requests of signed-in visitors fail with 503 rather than go on.
 *
 * @throws {@link OptionsError} if an option is wrong, and from `createSessions` over a store without a
 * directory.
 * @example
 * import { createSessions } from "sojourn";
 * import { everyoneAtOnce } from "sojourn/theft";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions({
 *   store: sqliteStore("sessions.db"),
 *   protections: [everyoneAtOnce()],
 * });
 */
export function everyoneAtOnce(options: EveryoneOptions = {}): Protection {
  requireKnownKeys("everyoneAtOnce", options, ["within"]);
  const withinMs = durationMs("everyoneAtOnce.within", options.within ?? "30s");
  if (withinMs < LEAST_MS || withinMs > MOST_MS) {
    throw new OptionsError("everyoneAtOnce.within", 'must be from "1s" to "5m".');
  }
  return {
    name: "everyoneAtOnce",
    protect(engine): Hooks {
      const epoch = new Epoch(engine, directoryOf(engine), withinMs);
      EPOCHS.set(engine.home, epoch);
      return epoch;
    },
  };
}

/**
 * Ends the sessions of all users: in this process at once, in every other within the time that
 * {@link everyoneAtOnce} was given. It is one write, however many there are. Who signs in once it has
 * resolved stays, and who is being signed in at that moment goes; visitors who are not signed in keep
 * what they have.
 *
 * The sessions end one by one, with the reason `"revoked"`, as somebody comes with them; until then they
 * are listed, and `onEnded` hears of them then.
 *
 * @throws {@link OptionsError} for sessions without `everyoneAtOnce`, {@link StoreError} if the store
 * cannot answer: call it again.
 * @example
 * import type { Sessions } from "sojourn";
 * import { revokeEveryone } from "sojourn/theft";
 *
 * export async function keyHasLeaked(sessions: Sessions<object>): Promise<void> {
 *   await revokeEveryone(sessions);
 * }
 */
export async function revokeEveryone(sessions: object): Promise<void> {
  const epoch = EPOCHS.get(internalsOf(sessions).engine.home);
  if (epoch !== undefined) return epoch.raise();
  throw new OptionsError(
    "revokeEveryone(sessions)",
    "these sessions do not look out for it. Give createSessions protections: [everyoneAtOnce()].",
  );
}

const EPOCHS = new WeakMap<Home, Epoch>();

const LEAST_MS = 1_000;
const MOST_MS = 300_000;

/** The entry of the notes for the epoch that a session was signed in under. */
const EPOCH = "y";

/** The time of the last {@link revokeEveryone}, as far as this process knows. */
class Epoch implements Hooks {
  readonly #engine: Engine;
  readonly #directory: Directory;
  readonly #key: UserKey;
  readonly #withinMs: number;
  #newest = 0;
  #askedAt: EpochMs = Number.NEGATIVE_INFINITY;
  #raised = 0;
  #asking: Promise<number> | undefined;

  constructor(engine: Engine, directory: Directory, withinMs: number) {
    this.#engine = engine;
    this.#directory = directory;
    // No user of the manager's, whatever they are called.
    this.#key = { manager: sideManager(engine.name, "everyone"), userId: "everyone" };
    this.#withinMs = withinMs;
  }

  readonly guard: Hooks["guard"] = (record, _engine, { now }) => {
    if (record.userId === undefined) return undefined;
    const age = Math.abs(now - this.#askedAt);
    if (age >= this.#withinMs) return this.#ask(now).then((newest) => verdictOf(record, newest));
    // In time, so that nobody has to wait for it, and that one failure costs nobody anything.
    if (age >= this.#withinMs / 2) this.#ask(now).catch(() => undefined);
    return epochOf(record) < this.#newest ? Promise.resolve(OVER) : undefined;
  };

  /** Anew, as who signs in after {@link raise} is to stay. A sign-in that is handed on is as old as it was. */
  async signingIn({ handing, deadline }: SigningIn): Promise<readonly NoteEdit[]> {
    const epoch = handing === undefined ? await this.#ask(deadline.now, true) : epochOf(handing);
    return epoch === 0 ? [] : [(notes) => put(notes, EPOCH, epoch)];
  }

  async stands(record: SessionRecord, { now }: Deadline): Promise<boolean> {
    return epochOf(record) >= (await this.#ask(now, true));
  }

  async raise(): Promise<void> {
    const { home, policies, events } = this.#engine;
    const deadline = startDeadline(this.#engine);
    const until = deadline.now + longestLifeMs(policies) + GRACE_MS;
    const keepUntil = policies.areInherited === true ? undefined : until;
    const raised = await home.keeper.read(
      "raiseGeneration",
      deadline,
      (call) => this.#directory.raiseGeneration(this.#key, call, keepUntil),
      "unknown",
    );
    this.#raised += 1;
    this.#newest = raised;
    this.#askedAt = deadline.now;
    events.emit("everyoneRevoked", { at: deadline.now });
  }

  /** Requests that ask at the same moment share an answer; a sign-in has one of its own. */
  #ask(now: EpochMs, isAlone = false): Promise<number> {
    if (!isAlone && this.#asking !== undefined) return this.#asking;
    const asking = this.#asked(now).finally(() => {
      if (this.#asking === asking) this.#asking = undefined;
    });
    this.#asking ??= asking;
    return asking;
  }

  async #asked(now: EpochMs): Promise<number> {
    const raisedBefore = this.#raised;
    const { keeper } = this.#engine.home;
    const newest = await keeper.read("generation", startDeadline(this.#engine), (call) =>
      this.#directory.generation(this.#key, call),
    );
    // What was on its way while this process has raised it is older than that.
    if (this.#raised !== raisedBefore) return this.#newest;
    if (now >= this.#askedAt) {
      this.#newest = newest;
      this.#askedAt = now;
    }
    return newest;
  }
}

const OVER: Verdict = { kind: "ended", reason: "revoked" };
const CONSENT: Verdict = { kind: "accepted", edits: [] };

function verdictOf(record: SessionRecord, newest: number): Verdict {
  return epochOf(record) < newest ? OVER : CONSENT;
}

function epochOf({ notes }: SessionRecord): number {
  const epoch = entryOf(notes, EPOCH);
  return typeof epoch === "number" ? epoch : 0;
}

function directoryOf({ home }: Engine): Directory {
  const { directory } = home.keeper.store;
  if (directory !== undefined) return directory;
  throw new OptionsError(
    "protections",
    "everyoneAtOnce: this store keeps nothing that holds for all of a user's sessions. Choose one " +
      "with a directory, such as sqliteStore; for sessions in cookies, as the store of revocations.",
  );
}
