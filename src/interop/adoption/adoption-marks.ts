import { createHash } from "node:crypto";
import type { Keeper } from "../../core/commit/keeper.ts";
import type { Deadline } from "../../core/deadline.ts";
import type { EpochMs, StoredSession } from "../../core/record.ts";
import { sideContent, sideManager, sideRecord } from "../../core/side-record.ts";
import { type CommitId, newCommitId, type RandomBytes, type SessionId } from "../../core/token.ts";

/** That an old session was taken over. */
export interface Mark extends Marked {
  readonly at: EpochMs;
  /** No two marks have the same. */
  readonly version: CommitId;
}

/** What was taken over, as {@link printOf} has it. */
export interface Marked {
  /** What the old session held; `undefined` where nobody knows any more. */
  readonly content: string | undefined;
  /** Whose it was. */
  readonly user: string;
}

/** Tells texts and users apart without saying which they are. */
export function printOf(markId: SessionId, value: string | undefined): string {
  return createHash("sha256")
    .update(JSON.stringify([markId, value ?? null]))
    .digest("base64url");
}

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

  /** Resolves to `undefined` where it is not noted. */
  async find(id: SessionId, keeper: Keeper, deadline: Deadline): Promise<Mark | undefined> {
    return this.#markIn(await keeper.load(id, deadline));
  }

  /** Whoever has noted it before was right too. */
  async put(
    id: SessionId,
    { content, user }: Marked,
    endsAt: EpochMs,
    keeper: Keeper,
    deadline: Deadline,
  ): Promise<void> {
    const { now } = deadline;
    const noted = { at: now, user, ...(content !== undefined && { content }) };
    const side = { id, manager: this.#kind, version: newCommitId(this.#random), content: noted };
    await keeper.create(sideRecord({ ...side, writtenAt: now, endsAt }), deadline);
  }

  #markIn(stored: StoredSession | undefined): Mark | undefined {
    const { at, content, user } = sideContent(stored, this.#kind) ?? {};
    if (stored === undefined || typeof at !== "number" || typeof user !== "string")
      return undefined;
    const { version } = stored;
    return { at, version, user, content: typeof content === "string" ? content : undefined };
  }
}
