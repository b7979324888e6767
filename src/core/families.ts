import type { Deadline } from "./deadline.ts";
import type { Environment } from "./environment.ts";
import { StoreError } from "./errors.ts";
import type { JsonObject } from "./json.ts";
import type { Keeper } from "./keeper.ts";
import type { Family } from "./notes.ts";
import { commitsBefore, type StoredSession, TOMBSTONE_MS } from "./record.ts";
import { sideContent, sideManager, sideRecord } from "./side-record.ts";
import { familyId, newCommitId, type SessionId } from "./token.ts";

/** What holds for every session of a family, for as long as a request may take. */
export interface FamilyState {
  /** No session of it goes on under a new token any more. */
  readonly isRevoked: boolean;
  /** How many endings of all but this family have begun, and not said yet what they did. */
  readonly sparings: number;
  /** What they did to the user's generation; `undefined` where nobody has spared the family. */
  readonly spared: Span | undefined;
  /** A session that it had lately, and how many tokens there were before that one's. */
  readonly milestone: Milestone | undefined;
}

/** Where whoever looks for a family's newest session may begin. */
export interface Milestone {
  readonly id: SessionId;
  readonly tokens: number;
}

/** A session that was admitted under `from` or later is spared up to the generation `upTo`. */
export interface Span {
  readonly from: number;
  readonly upTo: number;
}

const NOTHING: FamilyState = {
  isRevoked: false,
  sparings: 0,
  spared: undefined,
  milestone: undefined,
};
/** Each of them means that somebody else has just written to the same family. */
const MAX_CONFLICTS = 16;

/**
 * Keeps what an ending must tell to those who give a family's sessions new tokens at the same
 * moment. They ask once they have created the new session: who is not told yet has created one that
 * the ending finds.
 */
export class Families {
  readonly #keeper: Keeper;
  readonly #manager: string;
  readonly #kind: string;
  readonly #environment: Environment;

  constructor(keeper: Keeper, manager: string, environment: Environment) {
    this.#keeper = keeper;
    this.#manager = manager;
    this.#kind = sideManager(manager, "family");
    this.#environment = environment;
  }

  async read(family: Family, deadline: Deadline): Promise<FamilyState> {
    return this.#stateIn(await this.#keeper.load(this.#idOf(family), deadline));
  }

  /** From here on no session of the family goes on under a new token. */
  revoke(family: Family, deadline: Deadline): Promise<void> {
    return this.#write(family, (state) => ({ ...state, isRevoked: true }), deadline);
  }

  /** From here on whoever finds the user's generation raised waits for {@link spared}. */
  sparing(family: Family, deadline: Deadline): Promise<void> {
    const begun = (state: FamilyState): FamilyState => ({
      ...state,
      sparings: state.sparings + 1,
    });
    return this.#write(family, begun, deadline);
  }

  /** The generation was raised, and not for this family. */
  spared(family: Family, span: Span, deadline: Deadline): Promise<void> {
    const done = (state: FamilyState): FamilyState => ({
      ...state,
      sparings: Math.max(state.sparings - 1, 0),
      spared: joined(state.spared, span),
    });
    return this.#write(family, done, deadline);
  }

  /** Sets a milestone, unless there is one further on. */
  passed(family: Family, milestone: Milestone, deadline: Deadline): Promise<void> {
    const further = (state: FamilyState): FamilyState => {
      const isBehind = (state.milestone?.tokens ?? 0) > milestone.tokens;
      return isBehind ? state : { ...state, milestone };
    };
    return this.#write(family, further, deadline);
  }

  #idOf(family: Family): SessionId {
    return familyId(family, this.#manager);
  }

  #stateIn(stored: StoredSession | undefined): FamilyState {
    // Nobody else writes under such a name, so what is there has this form.
    const content = sideContent(stored, this.#kind) as Partial<FamilyState> | undefined;
    return { ...NOTHING, ...content };
  }

  async #write(
    family: Family,
    change: (state: FamilyState) => FamilyState,
    deadline: Deadline,
  ): Promise<void> {
    const id = this.#idOf(family);
    const { now } = deadline;
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      const stored = await this.#keeper.load(id, deadline);
      const record = sideRecord({
        id,
        manager: this.#kind,
        version: newCommitId(this.#environment.random),
        content: { ...change(this.#stateIn(stored)) } as unknown as JsonObject,
        writtenAt: now,
        endsAt: now + TOMBSTONE_MS,
      });
      if (stored?.kind !== "live") {
        if ((await this.#keeper.create(record, deadline)) === "created") return;
        continue;
      }
      const successor = { ...record, earlier: commitsBefore(stored) };
      const outcome = await this.#keeper.update(successor, stored.version, deadline);
      if (outcome.kind === "updated") return;
    }
    throw new StoreError("update", "failed", "other writes to the same sessions kept winning");
  }
}

/** A family that was spared before is spared on: its sessions may not have noted it yet. */
function joined(before: Span | undefined, { from, upTo }: Span): Span {
  const isNext = before !== undefined && before.upTo >= from;
  return isNext ? { from: before.from, upTo: Math.max(before.upTo, upTo) } : { from, upTo };
}
