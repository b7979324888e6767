import type { Keeper } from "../../core/commit/keeper.ts";
import type { Deadline } from "../../core/deadline.ts";
import type { EpochMs, StoredSession } from "../../core/record.ts";
import { sideContent, sideManager, sideRecord } from "../../core/side-record.ts";
import { newCommitId, type RandomBytes, type SessionId } from "../../core/token.ts";

/**
 * Notes which old sessions have been taken over, beside the sessions, for as long as their cookies
 * could live: what has ended here is not begun again by them.
 */
export class AdoptionMarks {
  readonly #kind: string;
  readonly #random: RandomBytes;

  constructor(manager: string, random: RandomBytes) {
    this.#kind = sideManager(manager, "adopted");
    this.#random = random;
  }

  /** When that was; `undefined` where it is not noted. */
  async find(id: SessionId, keeper: Keeper, deadline: Deadline): Promise<EpochMs | undefined> {
    return this.#timeIn(await keeper.load(id, deadline));
  }

  /** Whoever has noted it before was right too. */
  async put(id: SessionId, endsAt: EpochMs, keeper: Keeper, deadline: Deadline): Promise<void> {
    const { now } = deadline;
    const version = newCommitId(this.#random);
    const mark = { id, manager: this.#kind, version, content: { at: now }, writtenAt: now, endsAt };
    await keeper.create(sideRecord(mark), deadline);
  }

  #timeIn(stored: StoredSession | undefined): EpochMs | undefined {
    const at = sideContent(stored, this.#kind)?.["at"];
    return typeof at === "number" ? at : undefined;
  }
}
