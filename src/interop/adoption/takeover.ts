import { expiredBy } from "../../core/clocks.ts";
import type { Deadline } from "../../core/deadline.ts";
import type { Rejection } from "../../core/events.ts";
import { currentGeneration } from "../../core/lifecycle/admission.ts";
import { identified, tombstone } from "../../core/lifecycle/transitions.ts";
import type { Identity, Inherited } from "../../core/passage.ts";
import type { SessionRecord } from "../../core/record.ts";
import type { SessionId } from "../../core/token.ts";
import { adoptedFields } from "./adopted-record.ts";
import { type Mark, printOf } from "./adoption-marks.ts";
import type { AdoptionTools, Occasion } from "./occasion.ts";
import type { Adopted } from "./old-session.ts";
import type { Old } from "./old-sessions.ts";
import { LATE_MS, ledTo, type Standing } from "./standing.ts";

/** Which session goes on, and as which. */
export interface Course {
  readonly identity: Identity & {
    /** Where it is noted that it does; `undefined` where nobody could find it again. */
    readonly markId: SessionId | undefined;
  };
  /** That of the old one, where it lies in a store. */
  readonly key: string | undefined;
}

/**
 * Makes a session of an old one. First ours is created, then it is noted that the old one was taken
 * over, then that ends: wherever it stops, the next request goes on from there.
 */
export class Takeover implements Course {
  readonly identity: Course["identity"];
  readonly key: string | undefined;
  /** What the browser is to hold: ours in place of the old cookie, or the old one no more. */
  outcome: "taken" | "spent" | undefined;
  readonly #tools: AdoptionTools;
  readonly #occasion: Occasion;
  readonly #deadline: Deadline;

  constructor(tools: AdoptionTools, occasion: Occasion, course: Course, deadline: Deadline) {
    this.#tools = tools;
    this.#occasion = occasion;
    this.identity = course.identity;
    this.key = course.key;
    this.#deadline = deadline;
    deadline.know(course.identity);
  }

  /** What earlier requests have made of it. */
  async look(): Promise<Standing | undefined> {
    const { id, markId } = this.identity;
    if (markId === undefined) return undefined;
    const { keeper } = this.#occasion;
    const [mark, stored] = await Promise.all([
      this.#tools.marks.find(markId, keeper, this.#deadline),
      keeper.load(id, this.#deadline),
    ]);
    return mark === undefined && stored === undefined ? undefined : { markId, mark, stored };
  }

  /**
   * Takes what stands, or tells that it has ended since.
   *
   * @param old - What is there to end; `undefined` where nothing was found.
   */
  async goOn(standing: Standing, old: Old | undefined): Promise<Inherited | Rejection> {
    const { mark, stored } = standing;
    const ours = ledTo(standing, this.#deadline.now);
    this.outcome = ours === undefined ? "spent" : undefined;
    if (ours !== undefined) await this.#settle(mark, old, ours.userId);
    else if (old !== undefined && !this.#occasion.isReadOnly) await this.#endOld();
    const isLate = mark !== undefined && this.#deadline.now - mark.at >= LATE_MS;
    if (stored === undefined || isLate) return "ended";
    return { token: this.identity.token, stored, isNew: false };
  }

  /** Notes that what stands was made of something that is not there any more. */
  async noteOther({ stored }: Standing): Promise<void> {
    if (stored?.kind === "live") await this.#mark(undefined, stored.userId);
  }

  /** Begins ours, unless another request has done so meanwhile. */
  async begin(
    old: Old,
    adopted: Adopted<object>,
  ): Promise<Inherited | Rejection | "taken" | undefined> {
    const { keeper, isReadOnly } = this.#occasion;
    const generation = await this.#generation(adopted);
    if (isOlder(old, adopted, generation)) return this.#revoked();
    const record = this.#recordOf(old, adopted, generation);
    if (record === undefined) return undefined;
    if (expiredBy(record, this.#deadline.now) !== undefined) return "expired";
    const inherited = { token: this.identity.token, stored: record };
    if (isReadOnly) return { ...inherited, isNew: false };
    if ((await keeper.create(record, this.#deadline)) === "taken") return "taken";
    if ((await this.#generation(adopted)) !== generation) {
      const stone = tombstone(this.#tools, record, "revoked", this.#deadline);
      await keeper.end(stone, undefined, this.#deadline);
      return this.#revoked();
    }
    await this.#settle(undefined, old, adopted.userId);
    return { ...inherited, isNew: true };
  }

  #generation({ userId }: Adopted<object>): Promise<number> {
    const { keeper } = this.#occasion;
    const { name } = this.#tools.settings;
    return currentGeneration({ keeper, name }, userId, this.#deadline);
  }

  /** All sessions of the user have ended here since, and so does this one. */
  async #revoked(): Promise<Rejection> {
    if (!this.#occasion.isReadOnly) await this.#endOld();
    this.outcome = "spent";
    return "revoked";
  }

  #recordOf(old: Old, adopted: Adopted<object>, generation: number): SessionRecord | undefined {
    const { settings, environment } = this.#tools;
    const { device, report } = this.#occasion;
    try {
      const facts = { settings, device, generation, now: this.#deadline.now };
      const fields = adoptedFields(adopted, old, facts);
      return identified(fields, this.identity.id, settings.name, environment);
    } catch (error) {
      report(error);
      return undefined;
    }
  }

  /**
   * Does what is left once ours is there. Until the old session can begin no other one, the browser
   * keeps its cookie, and the next request comes by here again.
   */
  async #settle(
    mark: Mark | undefined,
    old: Old | undefined,
    userId: string | undefined,
  ): Promise<void> {
    if (this.#occasion.isReadOnly) return;
    try {
      if (mark === undefined) await this.#mark(old, userId);
      this.outcome = "taken";
    } catch (error) {
      this.#occasion.report(error);
      return;
    }
    await this.#endOld();
  }

  async #mark(old: Old | undefined, userId: string | undefined): Promise<void> {
    const { markId } = this.identity;
    if (markId === undefined) return;
    const until = Math.max(old?.endsAt ?? 0, this.#deadline.now + LATE_MS);
    const content = old && printOf(markId, old.content);
    const marked = { content, user: printOf(markId, userId) };
    await this.#tools.marks.put(markId, marked, until, this.#occasion.keeper, this.#deadline);
  }

  /** Where that fails, the mark keeps it out here; there it lives until its own end. */
  async #endOld(): Promise<void> {
    const { keeper, old, report } = this.#occasion;
    if (this.key === undefined) return;
    await old.end(this.key, keeper, this.#deadline).catch(report);
  }
}

/**
 * Whether all of the user's sessions have ended here since: a generation is the time of that. One of
 * which nothing is known counts as older.
 */
function isOlder({ session }: Old, adopted: Adopted<object>, generation: number): boolean {
  if (generation === 0) return false;
  const { writtenAt, authenticatedAt } = session;
  const known = [writtenAt, authenticatedAt, adopted.authenticatedAt].filter(
    (at) => at !== undefined,
  );
  return known.length === 0 || Math.min(...known) <= generation;
}
