import { absoluteEndOf } from "../clocks.ts";
import type { Deadline } from "../deadline.ts";
import { withoutDue } from "../due.ts";
import type { Engine, NewToken } from "../engine.ts";
import { SessionEndedError, StoreError } from "../errors.ts";
import {
  afterTokens,
  editNotes,
  type Family,
  familyOf,
  type NoteEdit,
  notesOfEnded,
  ofFamily,
  ofGeneration,
  takingOverFrom,
  tokensBefore,
} from "../notes.ts";
import type { Identity } from "../passage.ts";
import { commitsBefore, isBoundData, type SessionRecord, type Tombstone } from "../record.ts";
import type { EndOutcome } from "../store.ts";
import type { CommitId, SessionId } from "../token.ts";
import { admitted, type Candidate } from "./admission.ts";
import type { Fields } from "./new-record.ts";
import { create, handOverStone, type Issued, identified, tombstone, undo } from "./transitions.ts";

type Parts = Pick<
  Engine,
  "keeper" | "families" | "environment" | "name" | "writesNeedHeaders" | "events" | "protections"
>;

/** How a session is continued under a new token. */
export interface Continuation {
  /** Draws the new token. */
  issue(): Identity;
  /** The new record's fields, made from the newest old one, as often as that changes. */
  derive(newest: Fields): Fields;
  /** Whose the new session is, and the user's generation before any of this. */
  readonly userId: string | undefined;
  readonly generation: number;
  /** Whether a late revoke of the old session ends the new one too. */
  readonly isLinked: boolean;
  /**
   * Whether the new session, now that it is stored, is to stand: a rejection takes it back. Resolves to
   * the sessions that have ended to make room for it.
   */
  readonly confirm?:
    | ((record: SessionRecord) => Promise<readonly SessionId[]> | undefined)
    | undefined;
  /** To a sign-in it is no defeat that a parallel request gave a new token. */
  readonly why: NewToken;
  /** What was still to be noted of the old session. */
  readonly pending?: readonly NoteEdit[] | undefined;
}

/** Has the protections agree to a new token of the same visitor, which makes room for nobody. */
export function confirmNewToken(
  { protections }: Pick<Engine, "protections">,
  deadline: Deadline,
): Continuation["confirm"] {
  return protections && ((record) => protections.regenerated?.(record, deadline)?.then(() => []));
}

/** The new session, and what is still to be done about it. */
export interface Continued extends Issued {
  /** To be noted with the next commit. Until then whoever opens the session finds it out. */
  readonly edits: readonly NoteEdit[];
  /** The error that says that nobody knows whether the old session ended. */
  readonly unsettled?: StoreError;
}

/**
 * Continues a session under a new token. The old one is dead when the promise resolves, but for
 * an `unsettled` end.
 *
 * Create before end: a crash in between leaves two sessions, not none. The end is
 * compare-and-set, so that a write acknowledged meanwhile is carried over, and a session that was
 * ended meanwhile takes its successor along.
 *
 * @param old - The stored record, or the fields of a visitor who has none.
 * @throws {@link SessionEndedError} if the old session, or all of the user's, were ended
 * meanwhile; nothing is left then.
 */
export async function continueUnder(
  parts: Parts,
  old: SessionRecord | Fields,
  continuation: Continuation,
  deadline: Deadline,
): Promise<Continued> {
  const stored = "id" in old ? old : undefined;
  const succession = new Succession(parts, continuation, stored, deadline);
  const { token, record } = await create(
    parts,
    continuation.issue,
    succession.fields(old),
    deadline,
  );
  try {
    const edits = await succession.admission();
    const madeRoom = continuation.confirm && (await continuation.confirm(record));
    if (stored === undefined) return { token, record, edits };
    const handedOver = await succession.handOver(stored, record, madeRoom ?? []);
    // Where the end is of unknown outcome it stays noted: the next request finds it out.
    if (handedOver.unsettled !== undefined) return { token, edits, ...handedOver };
    return { token, edits: [...edits, takingOverFrom(undefined)], ...handedOver };
  } catch (error) {
    await undo(parts, record.id, deadline);
    throw error;
  }
}

type HandedOver = Pick<Continued, "record" | "unsettled">;

/** How far a family's newest session may be from the last milestone. */
export const TOKENS_PER_MILESTONE = 8;
/** So many others may give the same session a new token before a sign-in gives up. */
const MAX_RIVALS = 8;

/** One change of tokens. */
class Succession implements Candidate {
  readonly userId: string | undefined;
  readonly generation: number;
  readonly family: Family | undefined;
  readonly #parts: Parts;
  readonly #derive: Continuation["derive"];
  readonly #why: NewToken;
  readonly #pending: readonly NoteEdit[];
  readonly #old: SessionRecord | undefined;
  readonly #deadline: Deadline;

  constructor(
    parts: Parts,
    { derive, userId, generation, isLinked, why, pending = [] }: Continuation,
    old: SessionRecord | undefined,
    deadline: Deadline,
  ) {
    this.userId = userId;
    this.generation = generation;
    this.family = old !== undefined && isLinked ? familyOf(old) : undefined;
    this.#parts = parts;
    this.#derive = derive;
    this.#why = why;
    this.#pending = pending;
    this.#old = old;
    this.#deadline = deadline;
  }

  /** What the new record says. */
  fields(newest: SessionRecord | Fields): Fields {
    const predecessor = "id" in newest ? newest.id : undefined;
    const tokens = this.family === undefined ? 0 : tokensBefore(newest) + 1;
    const rules = this.family === undefined ? undefined : this.#parts.protections?.tokens;
    return noted(this.#derive(noted(withoutDue(newest, this.#deadline.now), this.#pending)), [
      ofGeneration(this.generation),
      ofFamily(this.family),
      afterTokens(tokens),
      takingOverFrom(predecessor),
      ...(rules === undefined ? [] : [rules.succeeding(this.#deadline.now)]),
    ]);
  }

  /** What is to be noted of the admission. @throws {@link SessionEndedError} if there is none. */
  async admission(): Promise<NoteEdit[]> {
    const generation = await admitted(this.#parts, this, this.#deadline);
    if (generation === undefined) return this.#refuse();
    return generation === this.generation ? [] : [ofGeneration(generation)];
  }

  /**
   * Ends the old record in favour of its successor, merging what is written to it until then. To a
   * sign-in, who gave it another token meanwhile is a rival, not the end: docs/decisions/0055. One that
   * had to make room for this sign-in is none any more.
   */
  async handOver(
    old: SessionRecord,
    first: SessionRecord,
    madeRoom: readonly SessionId[],
  ): Promise<HandedOver> {
    let successor = first;
    let newest = old;
    for (let rivals = 0; ; ) {
      const outcome = await this.#endOrUnknown(this.#stone(newest, successor), newest.version);
      if (outcome instanceof StoreError) return { record: successor, unsettled: outcome };
      if (outcome.kind === "ended") return { record: await this.#passed(successor) };
      if (outcome.kind === "conflict") newest = outcome.current;
      else {
        const rival = await this.#rival(outcome.tombstone, rivals, madeRoom);
        if (rival === "apart") return { record: await this.#apart(successor) };
        newest = rival;
        rivals += 1;
      }
      successor = await this.#rewrite(successor, this.fields(newest));
    }
  }

  /** What is to stand where the old session ends in favour of its successor. */
  #stone(newest: SessionRecord, successor: SessionRecord): Tombstone {
    const before = noted(newest, this.#pending);
    const next = this.family === undefined ? undefined : successor;
    return handOverStone(this.#parts, before, next, this.#why, this.#deadline);
  }

  /** A family that is given many tokens in a row leaves a trace: see {@link Pursuit}. */
  async #passed(successor: SessionRecord): Promise<SessionRecord> {
    const tokens = tokensBefore(successor);
    if (this.family !== undefined && tokens % TOKENS_PER_MILESTONE === 0) {
      const { families, writesNeedHeaders } = this.#parts;
      const milestone = { id: successor.id, tokens };
      // A cookie's end is remembered, and with it the way on, until no copy of it opens any more.
      const endsAt = writesNeedHeaders ? absoluteEndOf(successor) : undefined;
      // The way without it is only longer.
      const passing = families.passed(this.family, milestone, this.#deadline, endsAt);
      await passing.catch(() => undefined);
    }
    return successor;
  }

  /** Nothing goes on after an ending, and what the ending missed ends too. */
  async #refuse(): Promise<never> {
    const old = this.#old;
    if (old !== undefined && this.family !== undefined && old.userId === this.userId) {
      const revoked = tombstone(this.#parts, old, "revoked", this.#deadline);
      const stone = { ...revoked, notes: notesOfEnded(old) };
      const { kind } = await this.#parts.keeper.end(stone, undefined, this.#deadline);
      if (kind === "ended") this.#tell(old);
    }
    throw ended();
  }

  #tell({ id, userId }: SessionRecord): void {
    this.#parts.events.emit("revoked", { at: this.#deadline.now, id, userId });
  }

  /**
   * What a parallel request has made of the session: one that is still nobody's, or `apart` where the
   * same user has signed in, as two clicks on the button do.
   */
  async #rival(
    stone: Tombstone | undefined,
    rivals: number,
    madeRoom: readonly SessionId[],
  ): Promise<SessionRecord | "apart"> {
    if (this.#why !== "signIn" || stone?.next === undefined || rivals === MAX_RIVALS) throw ended();
    if (madeRoom.includes(stone.next)) return "apart";
    const stored = await this.#parts.keeper.load(stone.next, this.#deadline);
    if (stored?.kind !== "live") throw ended();
    if (stored.userId === undefined) {
      // Its token went to the other request, and nobody else can carry on what it holds.
      if (isBoundData(stored.data)) throw ended();
      return stored;
    }
    if (stored.userId !== this.userId) throw ended();
    return "apart";
  }

  /** Both sign-ins stand, each a session of its own: nobody knows which cookie the browser keeps. */
  #apart(successor: SessionRecord): Promise<SessionRecord> {
    const edits = [ofFamily(undefined), afterTokens(0), takingOverFrom(undefined)];
    return this.#rewrite(successor, noted(successor, edits));
  }

  /** An end of unknown outcome must not cost the visitor the successor: the old one may be gone. */
  async #endOrUnknown(stone: Tombstone, expected: CommitId): Promise<EndOutcome | StoreError> {
    try {
      return await this.#parts.keeper.end(stone, expected, this.#deadline);
    } catch (error) {
      if (error instanceof StoreError && error.outcome === "unknown") return error;
      throw error;
    }
  }

  async #rewrite(previous: SessionRecord, fields: Fields): Promise<SessionRecord> {
    const { id, manager, version } = previous;
    const record = {
      ...identified(fields, id, manager, this.#parts.environment),
      earlier: commitsBefore(previous),
    };
    const outcome = await this.#parts.keeper.update(record, version, this.#deadline);
    if (outcome.kind === "updated") return record;
    throw ended();
  }
}

function noted<Noted extends Fields>(fields: Noted, edits: readonly NoteEdit[]): Noted {
  return edits.length === 0 ? fields : { ...fields, notes: editNotes(fields.notes, edits) };
}

function ended(): SessionEndedError {
  return new SessionEndedError("give the session a new token");
}
