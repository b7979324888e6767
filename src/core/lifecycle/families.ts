import type { Keeper } from "../commit/keeper.ts";
import type { Deadline } from "../deadline.ts";
import type { Environment } from "../environment.ts";
import { StoreError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { type Family, familyOf, tokensBefore } from "../notes.ts";
import {
  commitsBefore,
  type EpochMs,
  type SessionRecord,
  type StoredSession,
  TOMBSTONE_MS,
  type Tombstone,
} from "../record.ts";
import { sideContent, sideManager, sideRecord } from "../side-record.ts";
import { type FamilyMatter, familyId, newCommitId, type SessionId } from "../token.ts";

/** Whether a family is spared by those who end all of its user's sessions. */
export interface Sparing {
  /** How many endings of all but this family have begun, and not said yet what they did. */
  readonly begun: number;
  /** What they did to the user's generation, each that does not touch another for itself. */
  readonly spans: readonly Span[];
}

/** Where whoever looks for a family's newest session may begin. */
export interface Milestone {
  readonly id: SessionId;
  /** How many tokens the family had before that session's. */
  readonly tokens: number;
}

/** A session that was admitted under `from` or later is spared up to the generation `upTo`. */
export interface Span {
  readonly from: number;
  readonly upTo: number;
}

const UNSPARED: Sparing = { begun: 0, spans: [] };
/** More than endings of one user are under way at the same time. */
const MAX_SPANS = 8;
/** Each of them means that somebody else has just written the same. */
const MAX_CONFLICTS = 16;

/**
 * Keeps what holds for every session of a family, for as long as a request may take: what an ending
 * must tell to those who give them new tokens at the same moment. They ask once they have created the
 * new session: who is not told yet has created one that the ending finds.
 *
 * Each matter is a record of its own, so that who is given tokens in a loop is in nobody's way who
 * wants to end that.
 */
export class Families {
  readonly #keeper: Keeper;
  readonly #manager: string;
  readonly #kind: string;
  readonly #environment: Pick<Environment, "random">;

  constructor(keeper: Keeper, manager: string, environment: Pick<Environment, "random">) {
    this.#keeper = keeper;
    this.#manager = manager;
    this.#kind = sideManager(manager, "family");
    this.#environment = environment;
  }

  /** Whether no session of the family goes on under a new token any more. */
  async isRevoked(family: Family, deadline: Deadline): Promise<boolean> {
    return (await this.#read("revoked", family, deadline)) !== undefined;
  }

  /** From here on no session of the family goes on under a new token: docs/decisions/0054. */
  async revoke(family: Family, deadline: Deadline): Promise<void> {
    const mark = this.#record("revoked", family, {}, deadline);
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      if ((await this.#keeper.create(mark, deadline)) === "created") return;
      const stored = await this.#keeper.load(mark.id, deadline);
      if (stored?.kind !== "live") continue;
      // Another one's may end too soon for us. What conflicts with that has just renewed it.
      const renewed = { ...mark, earlier: commitsBefore(stored) };
      const { kind } = await this.#keeper.update(renewed, stored.version, deadline);
      if (kind !== "gone") return;
    }
    throw tooMany();
  }

  /** Whether the family is spared, or may be soon. */
  async sparingOf(family: Family, deadline: Deadline): Promise<Sparing> {
    return sparingIn(await this.#read("sparing", family, deadline));
  }

  /** From here on whoever finds the user's generation raised waits for {@link spared}. */
  sparing(family: Family, deadline: Deadline): Promise<void> {
    return this.#spare(family, ({ begun, spans }) => ({ begun: begun + 1, spans }), deadline);
  }

  /** The generation was raised, and not for this family. */
  spared(family: Family, span: Span, deadline: Deadline): Promise<void> {
    const done = (before: Sparing): Sparing => ({
      begun: Math.max(before.begun - 1, 0),
      spans: joined(before.spans, span),
    });
    return this.#spare(family, done, deadline);
  }

  /** A session that the family of one that ended had later, if there is a milestone ahead. */
  async milestoneAfter(
    stone: Pick<Tombstone, "id" | "notes">,
    deadline: Deadline,
  ): Promise<SessionId | undefined> {
    const milestone = milestoneIn(await this.#read("milestone", familyOf(stone), deadline));
    const isAhead = milestone !== undefined && milestone.tokens > tokensBefore(stone);
    return isAhead ? milestone.id : undefined;
  }

  /**
   * Sets a milestone, unless there is one further on.
   *
   * @param endsAt - As long as somebody may come from where it leads on.
   */
  passed(
    family: Family,
    milestone: Milestone,
    deadline: Deadline,
    endsAt?: EpochMs,
  ): Promise<void> {
    const further = (content: JsonObject | undefined): JsonObject => {
      const before = milestoneIn(content);
      const furthest = (before?.tokens ?? 0) > milestone.tokens ? before : milestone;
      return { ...furthest };
    };
    return this.#write("milestone", family, further, deadline, endsAt);
  }

  #spare(family: Family, change: (sparing: Sparing) => Sparing, deadline: Deadline): Promise<void> {
    const changed = (content: JsonObject | undefined): JsonObject =>
      ({ ...change(sparingIn(content)) }) as unknown as JsonObject;
    return this.#write("sparing", family, changed, deadline);
  }

  async #read(
    matter: FamilyMatter,
    family: Family,
    deadline: Deadline,
  ): Promise<JsonObject | undefined> {
    const id = familyId(matter, family, this.#manager);
    return sideContent(await this.#keeper.load(id, deadline), this.#kind);
  }

  #record(
    matter: FamilyMatter,
    family: Family,
    content: JsonObject,
    { now }: Deadline,
    endsAt: EpochMs = now + TOMBSTONE_MS,
  ): SessionRecord {
    return sideRecord({
      id: familyId(matter, family, this.#manager),
      manager: this.#kind,
      version: newCommitId(this.#environment.random),
      content,
      writtenAt: now,
      endsAt,
    });
  }

  /** Applies the change to the newest note, as often as others write it: docs/decisions/0054. */
  async #write(
    matter: FamilyMatter,
    family: Family,
    change: (content: JsonObject | undefined) => JsonObject,
    deadline: Deadline,
    endsAt?: EpochMs,
  ): Promise<void> {
    let stored: StoredSession | undefined;
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      stored ??= await this.#keeper.load(familyId(matter, family, this.#manager), deadline);
      const content = change(sideContent(stored, this.#kind));
      const record = this.#record(matter, family, content, deadline, endsAt);
      if (stored?.kind !== "live") {
        if ((await this.#keeper.create(record, deadline)) === "created") return;
        stored = undefined;
        continue;
      }
      const successor = { ...record, earlier: commitsBefore(stored) };
      const outcome = await this.#keeper.update(successor, stored.version, deadline);
      if (outcome.kind === "updated") return;
      stored = outcome.kind === "conflict" ? outcome.current : undefined;
    }
    throw tooMany();
  }
}

// Nobody else writes under such a name, so what is there has the form that we gave it.

function sparingIn(content: JsonObject | undefined): Sparing {
  return { ...UNSPARED, ...(content as Partial<Sparing> | undefined) };
}

function milestoneIn(content: JsonObject | undefined): Milestone | undefined {
  return content as Milestone | undefined;
}

/**
 * A family that was spared before is spared on: its sessions may not have noted it yet. Of several
 * endings at once the later one may tell first.
 */
function joined(spans: readonly Span[], { from, upTo }: Span): readonly Span[] {
  const isApart = (span: Span): boolean => span.upTo < from || upTo < span.from;
  const touching = spans.filter((span) => !isApart(span));
  const whole = {
    from: Math.min(from, ...touching.map((span) => span.from)),
    upTo: Math.max(upTo, ...touching.map((span) => span.upTo)),
  };
  return [whole, ...spans.filter(isApart)].slice(0, MAX_SPANS);
}

function tooMany(): StoreError {
  return new StoreError("update", "failed", "other writes to the same sessions kept winning");
}
