import { expiredBy } from "../clocks.ts";
import type { Deadline } from "../deadline.ts";
import { withoutDue } from "../due.ts";
import type { Engine, TokenRules, Verdict } from "../engine.ts";
import type { Rejection } from "../events.ts";
import type { RequestHead } from "../exchange.ts";
import type { NoteEdit } from "../notes.ts";
import type { Inheritance, Passage } from "../passage.ts";
import type { EpochMs, SessionRecord, StoredSession, Tombstone } from "../record.ts";
import type { Reading } from "../shape.ts";
import type { SessionId } from "../token.ts";
import { judge } from "./guards.ts";

/** Hears why what came is no session. */
export interface Doorkeeper {
  rejected(reason: Rejection, id?: SessionId): void;
  /** A session that was made of one of another kind. */
  begun(record: StoredSession): void;
  expired(record: SessionRecord, timeout: "idle" | "absolute"): void;
  /** When the request came. */
  readonly arrivedAt: EpochMs | undefined;
  /** Whether it may change anything, and be answered with a cookie. */
  readonly mayAct: boolean;
  /** A session that has ended, or was given a new token. */
  metTombstone(tombstone: Tombstone): void;
  /** A session that should not be there any more. */
  metMissed(record: SessionRecord, engine: Engine, deadline: Deadline): Promise<void> | undefined;
}

/** A live session that a request has brought. */
export class Live {
  readonly token: string;
  readonly record: SessionRecord;
  readonly reading: Reading;
  /** What is to be noted of it. */
  readonly edits: readonly NoteEdit[] | undefined;
  /** Whether it waits for its user to unlock it. */
  readonly isLocked: boolean;
  /** By which token it was found: its own, or one that it had before. */
  readonly by: "own" | "parallel" | "lost";
  /** Whether another one's place may be taken: what expires elsewhere may be this very cookie. */
  isMisplaced = true;

  constructor(
    token: string,
    record: SessionRecord,
    reading: Reading,
    accepted: Accepted | undefined,
    by: Live["by"] = "own",
  ) {
    this.by = by;
    this.token = token;
    this.record = record;
    this.reading = reading;
    this.edits = accepted?.edits;
    this.isLocked = accepted?.isLocked === true;
  }
}

/** Looks up all that may be the session, and takes the best; or else what can be inherited. */
export function arrivalOf(
  engine: Engine,
  passage: Pick<Passage, "presented" | "inheritance">,
  deadline: Deadline,
  doorkeeper: Doorkeeper,
  request: RequestHead,
): Promise<Live | undefined> {
  return new Arrival(engine, deadline, doorkeeper, request).of(passage);
}

/** What a request has brought, one after the other. */
class Arrival {
  readonly #engine: Engine;
  readonly #deadline: Deadline;
  readonly #doorkeeper: Doorkeeper;
  readonly #request: RequestHead;

  constructor(engine: Engine, deadline: Deadline, doorkeeper: Doorkeeper, request: RequestHead) {
    this.#engine = engine;
    this.#deadline = deadline;
    this.#doorkeeper = doorkeeper;
    this.#request = request;
  }

  async of({
    presented,
    inheritance,
  }: Pick<Passage, "presented" | "inheritance">): Promise<Live | undefined> {
    let best: Live | undefined;
    for (let place = 0; ; place += 1) {
      const candidate = presented[place];
      if (candidate === undefined) break;
      const { token, id } = candidate;
      const stored = await this.#engine.keeper.load(id, this.#deadline);
      const judging = isGivenUp(stored)
        ? this.#givenUp(stored, token)
        : this.#judged(token, stored, id, "own");
      const live = judging instanceof Promise ? await judging : judging;
      if (live !== undefined) best = better(best, live);
    }
    return best ?? (inheritance && this.#inherited(inheritance));
  }

  async #inherited(inheritance: Inheritance): Promise<Live | undefined> {
    const found = await inheritance.take(this.#deadline, (reason) =>
      this.#doorkeeper.rejected(reason),
    );
    if (found === undefined) return undefined;
    const { token, stored, isNew } = found;
    if (isNew) this.#doorkeeper.begun(stored);
    return this.#judged(token, stored, stored.id, "own");
  }

  /** A session whose visitor was given a newer token than this one. */
  #givenUp(stone: Tombstone, token: string): Promise<Live | undefined> | undefined {
    const { protections } = this.#engine;
    if (protections?.tokens !== undefined) return this.#retired(protections.tokens, stone, token);
    this.#doorkeeper.metTombstone(stone);
    return undefined;
  }

  async #retired(rules: TokenRules, stone: Tombstone, token: string): Promise<Live | undefined> {
    const { mayAct, arrivedAt = this.#deadline.now } = this.#doorkeeper;
    const [engine, request, deadline] = [this.#engine, this.#request, this.#deadline];
    const meeting = { engine, request, deadline, arrivedAt, mayAct };
    const retired = await rules.retired(stone, meeting);
    if (retired.kind === "over") this.#doorkeeper.metTombstone(stone);
    else if (retired.kind === "reused") this.#doorkeeper.rejected("reused", stone.id);
    else return this.#judged(token, retired.record, retired.record.id, retired.kind);
    return undefined;
  }

  /** It, if it is live, and nobody objects. Without a promise where nobody has to be asked. */
  #judged(
    token: string,
    stored: StoredSession | undefined,
    id: SessionId,
    by: Live["by"],
  ): Promise<Live | undefined> | Live | undefined {
    if (!isLive(stored, id, this.#deadline, this.#doorkeeper)) return undefined;
    const judging = judge(this.#engine, stored, this.#deadline, this.#request);
    if (judging === undefined) return this.#accepted(token, stored, undefined, by);
    return judging.then((verdict) => this.#heeded(verdict, token, stored, by));
  }

  async #heeded(
    verdict: Verdict,
    token: string,
    stored: SessionRecord,
    by: Live["by"],
  ): Promise<Live | undefined> {
    if (verdict.kind === "accepted") return this.#accepted(token, stored, verdict, by);
    if (verdict.kind === "ended") {
      await this.#doorkeeper.metMissed(stored, this.#engine, this.#deadline);
    }
    this.#doorkeeper.rejected(verdict.reason, stored.id);
    return undefined;
  }

  /** It, if its data can be read. */
  #accepted(
    token: string,
    stored: SessionRecord,
    accepted: Accepted | undefined,
    by: Live["by"],
  ): Live | undefined {
    const { shape, protections } = this.#engine;
    const record = withoutDue(stored, this.#deadline.now);
    const reading = shape.read(record.data);
    if (typeof reading === "string") {
      this.#doorkeeper.rejected(reading, record.id);
      return undefined;
    }
    const arrived = by === "own" ? protections?.tokens?.arrived(record) : undefined;
    return new Live(token, record, reading, alsoNoting(arrived, accepted), by);
  }
}

/** What the guards say of a session that may be used. */
type Accepted = Extract<Verdict, { readonly kind: "accepted" }>;

function alsoNoting(
  note: NoteEdit | undefined,
  accepted: Accepted | undefined,
): Accepted | undefined {
  if (note === undefined) return accepted;
  return { kind: "accepted", ...accepted, edits: [...(accepted?.edits ?? []), note] };
}

/** Whether the visitor was given a newer token. */
function isGivenUp(stored: StoredSession | undefined): stored is Tombstone {
  return stored?.kind === "ended" && stored.next !== undefined;
}

/** Whether it is live by its record and its clocks. */
function isLive(
  stored: StoredSession | undefined,
  id: SessionId,
  { now }: Deadline,
  doorkeeper: Doorkeeper,
): stored is SessionRecord {
  if (stored === undefined || stored.id !== id) {
    doorkeeper.rejected("unknown", id);
    return false;
  }
  if (stored.kind === "ended") {
    doorkeeper.metTombstone(stored);
    return false;
  }
  const timeout = expiredBy(stored, now);
  if (timeout !== undefined) doorkeeper.expired(stored, timeout);
  return timeout === undefined;
}

/** A signed-in session counts before an anonymous one, which somebody may have planted. */
function better(best: Live | undefined, found: Live): Live {
  if (best === undefined) return found;
  if (isSignedIn(best) === isSignedIn(found)) best.isMisplaced = false;
  return isSignedIn(found) && !isSignedIn(best) ? found : best;
}

function isSignedIn({ record }: Live): boolean {
  return record.userId !== undefined;
}

/** Lets everything pass in silence: who only reads ends nothing, and tells nobody. */
export const QUIET: Doorkeeper = {
  rejected: () => undefined,
  begun: () => undefined,
  expired: () => undefined,
  metTombstone: () => undefined,
  metMissed: () => undefined,
  arrivedAt: undefined,
  mayAct: false,
};
