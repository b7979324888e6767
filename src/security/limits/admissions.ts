import { GRACE_MS, longestLifeMs } from "../../core/clocks.ts";
import type { Deadline } from "../../core/deadline.ts";
import type { Engine } from "../../core/engine.ts";
import { StoreError } from "../../core/errors.ts";
import { commitsBefore, type SessionRecord, type StoredSession } from "../../core/record.ts";
import { sideContent, sideManager, sideRecord } from "../../core/side-record.ts";
import { newCommitId, type SessionId, sideId } from "../../core/token.ts";
import { type Seat, seatIn } from "./seats.ts";

/** Each of them means that somebody else has just signed in as the same user, or that room was made. */
const MAX_ATTEMPTS = 64;

/** Decides on a sign-in. */
export interface Decision {
  /** What is taken at this moment. */
  seats(): Promise<readonly Seat[]>;
  /**
   * Given the seats of those who were let in, or came before there was a limit: in the order in which
   * they were let in. Resolves to whether there is room; if not it has made some, and is asked again.
   * A rejection refuses the sign-in.
   */
  hasRoom(others: readonly Seat[], attempts: number): Promise<boolean>;
}

/**
 * Who was let in of a user's sign-ins, beside the sessions: each decision is one compare-and-set, so
 * that of two sign-ins at the same moment the second knows of the first, whatever their clocks say. A
 * sign-in that is still to be decided upon is in nobody's way: docs/decisions/0091.
 */
export class Admissions {
  readonly #engine: Engine;
  readonly #id: SessionId;
  readonly #kind: string;

  constructor(engine: Engine, userId: string) {
    this.#engine = engine;
    this.#kind = sideManager(engine.name, "seats");
    this.#id = sideId(this.#kind, userId);
  }

  /** Lets a seat in once there is room. */
  async admit(own: string, decision: Decision, deadline: Deadline): Promise<void> {
    const { keeper } = this.#engine;
    for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
      const stored = await keeper.load(this.#id, deadline);
      const known = this.#knownIn(stored);
      // After the load: who was let in before it has been stored before it.
      const others = this.#admitted(own, await decision.seats(), known, deadline);
      if (!(await decision.hasRoom(others, attempts))) continue;
      const tags = [...others.map(({ tag }) => tag), own];
      if (await this.#isWritten(stored, this.#record(tags, deadline), deadline)) return;
    }
    throw new StoreError("update", "failed", "other sign-ins of the same user kept winning");
  }

  /** Those who are in, by when they were let in: of earlier ones that nothing is noted of, by their sign-in. */
  #admitted(
    own: string,
    taken: readonly Seat[],
    known: readonly string[],
    deadline: Deadline,
  ): readonly Seat[] {
    const byTag = new Map(taken.map((seat) => [seat.tag, seat]));
    byTag.delete(own);
    const noted = known.flatMap((tag) => byTag.get(tag) ?? []);
    const unnoted = [...byTag.values()].filter(
      (seat) => !known.includes(seat.tag) && this.#isSettled(seat, deadline),
    );
    return [...unnoted, ...noted];
  }

  async #isWritten(
    stored: StoredSession | undefined,
    record: SessionRecord,
    deadline: Deadline,
  ): Promise<boolean> {
    const { keeper } = this.#engine;
    if (stored?.kind !== "live") return (await keeper.create(record, deadline)) === "created";
    const successor = { ...record, earlier: commitsBefore(stored) };
    return (await keeper.update(successor, stored.version, deadline)).kind === "updated";
  }

  /**
   * Whether a seat counts of which nothing is noted: one from before there was a limit, or from so
   * long ago that its sign-in is decided upon, whatever has become of the note.
   */
  #isSettled({ facts }: Seat, { now }: Deadline): boolean {
    const { storeTimeoutMs } = this.#engine;
    return seatIn(facts) === undefined || now - facts.createdAt > storeTimeoutMs + GRACE_MS;
  }

  // Nobody else writes under such a name, so what is there has the form that we gave it.
  #knownIn(stored: StoredSession | undefined): readonly string[] {
    const { tags = [] } = sideContent(stored, this.#kind) ?? {};
    return tags as readonly string[];
  }

  #record(tags: readonly string[], { now }: Deadline): SessionRecord {
    const { environment, policies } = this.#engine;
    return sideRecord({
      id: this.#id,
      manager: this.#kind,
      version: newCommitId(environment.random),
      content: { tags: [...tags] },
      writtenAt: now,
      endsAt: now + longestLifeMs(policies),
    });
  }
}
