import { GRACE_MS, longestLifeMs, tombstoneExpiryAt } from "../clocks.ts";
import type { Deadline } from "../deadline.ts";
import { type Engine, startDeadline } from "../engine.ts";
import { StoreError } from "../errors.ts";
import {
  type Family,
  familyOf,
  generationOf,
  isNobodys,
  isOwnedBy,
  notesOfUser,
} from "../notes.ts";
import type { SessionFacts } from "../record.ts";
import type { Directory, UserKey } from "../store.ts";
import { newCommitId, type SessionId } from "../token.ts";
import { currentGeneration } from "./admission.ts";
import { type Ending, endFollowing } from "./endings.ts";
import { noteSpared } from "./note-spared.ts";
import { tombstone } from "./transitions.ts";

/** Somebody who signs in again and again is not waited for: what is newer than we are may stay. */
const MAX_PASSES = 100;
/** Ends under way at the same time, where each is a call of its own. */
const AT_ONCE = 32;
/** From a visitor's anonymous session to the one that the user has signed in to. */
const MAX_STEPS = 4;

/**
 * Ends a user's sessions everywhere. First the user's generation is raised: who signs in or is given
 * a new token from then on is refused, or newer than this. Then what is there ends, until a pass
 * ends nothing, and at last what another ending has spared meanwhile. Each pass has a deadline of
 * its own, as nobody knows how many sessions there are.
 */
export class EndingAll {
  readonly #engine: Engine;
  readonly #directory: Directory;
  readonly #user: UserKey;
  readonly #ending: Ending;
  readonly #onEnded: (id: SessionId) => void;

  constructor(
    engine: Engine,
    directory: Directory,
    userId: string,
    onEnded: (id: SessionId) => void,
  ) {
    this.#engine = engine;
    this.#directory = directory;
    this.#user = { manager: engine.name, userId };
    this.#ending = { reason: "revoked", owner: { userId } };
    this.#onEnded = onEnded;
  }

  /** Resolves to how many have ended. */
  async all(): Promise<number> {
    const generation = await this.#raise();
    const total = await this.#passes(() => this.#endAll());
    return total + (await this.#stopOthers(undefined, generation).catch(halfDone));
  }

  /** As {@link all}, but for the family of one session, whatever its visitor is doing meanwhile. */
  async allBut(id: SessionId): Promise<number> {
    const { families } = this.#engine;
    const family = await this.#familyOf(id);
    if (family === undefined) return this.all();
    const from = await currentGeneration(this.#engine, this.#user.userId, this.#deadline());
    await families.sparing(family, this.#deadline());
    const upTo = await this.#raise();
    await families.spared(family, { from, upTo }, this.#deadline()).catch(halfDone);
    const total = await this.#passes(() => this.#endOthers(family, upTo));
    const stopped = await this.#stopOthers(family, upTo).catch(halfDone);
    await noteSpared(this.#engine, id, upTo).catch(halfDone);
    return total + stopped;
  }

  /** The family of a session of this user that is live, or goes on under another token. */
  async #familyOf(first: SessionId): Promise<Family | undefined> {
    const { keeper } = this.#engine;
    const deadline = this.#deadline();
    let stored = await keeper.load(first, deadline);
    for (let steps = 0; steps < MAX_STEPS && stored !== undefined; steps += 1) {
      const goesOn = stored.kind === "live" || stored.next !== undefined;
      if (goesOn && isOwnedBy(this.#user, stored)) return familyOf(stored);
      // Nobody's yet: the user may have signed in to what became of it.
      const next = stored.kind === "ended" && isNobodys(stored) ? stored.next : undefined;
      stored = next && (await keeper.load(next, deadline));
    }
    return undefined;
  }

  #deadline(): Deadline {
    return startDeadline(this.#engine);
  }

  #raise(): Promise<number> {
    const { keeper, policies } = this.#engine;
    const deadline = this.#deadline();
    const until = deadline.now + longestLifeMs(policies) + GRACE_MS;
    // Whatever comes from elsewhere, however late, must not outlive this.
    const keepUntil = policies.areInherited === true ? undefined : until;
    return keeper.read(
      "raiseGeneration",
      deadline,
      (call) => this.#directory.raiseGeneration(this.#user, call, keepUntil),
      "unknown",
    );
  }

  async #passes(pass: () => Promise<readonly SessionId[]>): Promise<number> {
    let total = 0;
    for (let passes = 0; passes < MAX_PASSES; passes += 1) {
      const ended = await pass().catch(halfDone);
      for (const id of ended) this.#onEnded(id);
      total += ended.length;
      if (ended.length === 0) break;
    }
    return total;
  }

  #endAll(): Promise<readonly SessionId[]> {
    const { keeper, environment } = this.#engine;
    const deadline = this.#deadline();
    const { now } = deadline;
    const end = {
      except: undefined,
      version: newCommitId(environment.random),
      reason: "revoked",
      endedAt: now,
      expiresAt: tombstoneExpiryAt(now),
      notes: notesOfUser(this.#user.userId, this.#user.manager),
    } as const;
    return keeper.read(
      "endAll",
      deadline,
      (call) => this.#directory.endAll(this.#user, end, call),
      "unknown",
    );
  }

  async #endOthers(family: Family, generation: number): Promise<readonly SessionId[]> {
    const others = (await this.#list()).filter(
      (facts) => familyOf(facts) !== family && generationOf(facts) < generation,
    );
    const outcomes = await this.#each(others, (facts) => this.#isEnded(facts));
    return others.filter((_, place) => outcomes[place] === true).map(({ id }) => id);
  }

  /**
   * Where somebody else has raised the generation too, they may have spared what we are to end: it
   * was given new tokens while we went by. So these families get no more of them.
   */
  async #stopOthers(family: Family | undefined, generation: number): Promise<number> {
    const newest = await currentGeneration(this.#engine, this.#user.userId, this.#deadline());
    if (newest === generation) return 0;
    const others = (await this.#list()).filter((facts) => familyOf(facts) !== family);
    const ended = await this.#each(others, async (facts) => {
      const deadline = this.#deadline();
      await this.#engine.families.revoke(familyOf(facts), deadline);
      return endFollowing(this.#engine, facts.id, this.#ending, deadline);
    });
    const known = ended.filter((each) => each !== undefined);
    for (const { id, record } of known) if (record !== undefined) this.#onEnded(id);
    return known.length;
  }

  #list(): Promise<readonly SessionFacts[]> {
    return this.#engine.keeper.read("list", this.#deadline(), (call) =>
      this.#directory.list(this.#user, call),
    );
  }

  async #each<T>(
    sessions: readonly SessionFacts[],
    work: (facts: SessionFacts) => Promise<T>,
  ): Promise<readonly T[]> {
    const results: T[] = [];
    for (let at = 0; at < sessions.length; at += AT_ONCE) {
      results.push(...(await Promise.all(sessions.slice(at, at + AT_ONCE).map(work))));
    }
    return results;
  }

  async #isEnded(facts: SessionFacts): Promise<boolean> {
    const deadline = this.#deadline();
    const stone = tombstone(this.#engine, facts, "revoked", deadline);
    const outcome = await this.#engine.keeper.end(stone, undefined, deadline);
    return outcome.kind === "ended";
  }
}

/** Once the generation is raised a failure has ended something, if not all: what is active ends. */
function halfDone(error: unknown): never {
  if (!(error instanceof StoreError)) throw error;
  const detail = "the user's sessions end one by one as they are used";
  throw new StoreError(error.operation, "unknown", detail, { cause: error });
}
