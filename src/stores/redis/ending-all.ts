import { StoreError } from "../../core/errors.ts";
import type { EndAll, StoreCall, UserKey } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import type { Commands } from "./commands.ts";
import type { Keys } from "./keys.ts";
import { ownerText, timeText, tombstoneText } from "./records.ts";
import { textsIn } from "./replies.ts";
import { END_ALL } from "./scripts.ts";
import { keepMs } from "./skew.ts";
import { inSteps, type Pace } from "./steps.ts";
import { FIRST_PAGE, type UserIndex } from "./user-index.ts";

/** A step takes the server about a millisecond, and each call ends so many or few more. */
const PACE: Pace & Limit = { size: 250, atOnce: 8, enough: 10_000 };
/** In a Cluster each session is on its own. */
const PACE_IN_CLUSTER: Pace & Limit = { size: 1, atOnce: 128, enough: 2_500 };

interface Limit {
  readonly enough: number;
}

/** Who is given more new tokens than that is not to be caught like this. */
const MAX_SUCCESSORS = 16;

/** What ends a user's sessions. */
interface EndingParts {
  readonly commands: Commands;
  readonly keys: Keys;
  readonly index: UserIndex;
}

/**
 * Ends sessions of a user, and what they became by a new token: whoever ended one before us left a
 * pointer to its successor. So many at a time that it is done long before its deadline, however many
 * there are: it is called until it ends none.
 */
export class EndingAll {
  readonly #parts: EndingParts;
  readonly #user: UserKey;
  readonly #end: EndAll;
  readonly #call: StoreCall;
  readonly #pace: Pace & Limit;
  readonly #seen = new Set<SessionId>();

  constructor(parts: EndingParts, user: UserKey, end: EndAll, call: StoreCall) {
    this.#parts = parts;
    this.#user = user;
    this.#end = end;
    this.#call = call;
    this.#pace = parts.commands.isCluster ? PACE_IN_CLUSTER : PACE;
    if (end.except !== undefined) this.#seen.add(end.except);
  }

  async run(): Promise<readonly SessionId[]> {
    const { index } = this.#parts;
    const ended: SessionId[] = [];
    let cursor = FIRST_PAGE;
    do {
      const page = await index.page("endAll", this.#call, this.#user, cursor);
      ended.push(...(await this.#endFollowing(page.ids)));
      cursor = page.next;
    } while (cursor !== FIRST_PAGE && ended.length < this.#pace.enough);
    return ended;
  }

  async #endFollowing(listed: readonly SessionId[]): Promise<readonly SessionId[]> {
    const ended: SessionId[] = [];
    let ids = listed;
    for (let successors = 0; successors <= MAX_SUCCESSORS; successors += 1) {
      const unseen = ids.filter((id) => !this.#seen.has(id));
      if (unseen.length === 0) break;
      for (const id of unseen) this.#seen.add(id);
      const found = await inSteps(unseen, this.#pace, (some) => this.#step(some)).catch(halfDone);
      ended.push(...unseen.filter((_, place) => found[place] === ENDED));
      ids = found.filter(isSuccessor);
    }
    return ended;
  }

  async #step(ids: readonly SessionId[]): Promise<readonly string[]> {
    const { commands, keys } = this.#parts;
    const found = await commands.runConfirmed(
      "endAll",
      this.#call,
      ids.map((id) => keys.record(id)),
      { script: END_ALL, args: this.#args() },
      { read: textsIn, wrote: (each) => each.includes(ENDED) },
    );
    await this.#forget(ids.filter((_, place) => found[place] === ENDED));
    return found;
  }

  #args(): readonly string[] {
    const { channel, prefixBytes } = this.#parts.keys;
    const { version, reason, endedAt, expiresAt, notes } = this.#end;
    const { manager } = this.#user;
    const about = { manager, version, reason, endedAt, expiresAt, notes };
    const text = tombstoneText({ kind: "ended", next: undefined, ...about });
    return [
      ...[timeText(this.#call.now), keepMs(expiresAt, this.#call), version, text],
      ...[ownerText(this.#user), channel, String(prefixBytes)],
    ];
  }

  // Waited for, so that who asks again finds what is left, and nothing twice.
  async #forget(ids: readonly SessionId[]): Promise<void> {
    const { index } = this.#parts;
    await index.remove("endAll", this.#call, this.#user, ids).catch(() => undefined);
  }
}

/** What the script says of each key, or the id of the session that took over. */
const ENDED = "1";
const GONE = "";

function isSuccessor(found: string): found is SessionId {
  return found !== ENDED && found !== GONE;
}

function halfDone(cause: unknown): never {
  throw new StoreError("endAll", "unknown", "not every end was acknowledged", { cause });
}
