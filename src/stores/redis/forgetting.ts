import type { StoreCall, UserKey } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import type { Commands } from "./commands.ts";
import type { Keys } from "./keys.ts";
import { ownerText, timeText } from "./records.ts";
import { textIn } from "./replies.ts";
import { FORGET } from "./scripts.ts";
import { inSteps, type Pace } from "./steps.ts";
import { FIRST_PAGE, type UserIndex } from "./user-index.ts";

/** A step takes the server less than a millisecond. */
const PACE: Pace = { size: 250, atOnce: 8 };
/** In a Cluster each session is on its own. */
const PACE_IN_CLUSTER: Pace = { size: 1, atOnce: 128 };

/** What forgets a user. */
interface ForgettingParts {
  readonly commands: Commands;
  readonly keys: Keys;
  readonly index: UserIndex;
}

/** What the script says of a key; anything else is there and stays. */
const DELETED = "d";
const ENDED = "e";
const ABSENT = "n";

/**
 * Deletes what has expired of a user before the server does, and the entries of what is over. An
 * entry that is young may be of a session that is just being created: the server drops it in time.
 */
export class Forgetting {
  readonly #parts: ForgettingParts;
  readonly #user: UserKey;
  readonly #call: StoreCall;

  constructor(parts: ForgettingParts, user: UserKey, call: StoreCall) {
    this.#parts = parts;
    this.#user = user;
    this.#call = call;
  }

  /** Resolves to how many records it has deleted. */
  async run(): Promise<number> {
    const { index } = this.#parts;
    let deleted = 0;
    let cursor = FIRST_PAGE;
    do {
      const page = await index.page("forget", this.#call, this.#user, cursor);
      deleted += await this.#forget(page.ids);
      cursor = page.next;
    } while (cursor !== FIRST_PAGE);
    return deleted;
  }

  async #forget(ids: readonly SessionId[]): Promise<number> {
    const { commands, index } = this.#parts;
    const pace = commands.isCluster ? PACE_IN_CLUSTER : PACE;
    const found = await inSteps(ids, pace, (some) => this.#step(some));
    const those = (...words: readonly string[]): SessionId[] =>
      ids.filter((_, place) => words.includes(found[place] ?? ""));
    const deleted = those(DELETED);
    await index.remove("forget", this.#call, this.#user, those(DELETED, ENDED));
    await index.removeStale("forget", this.#call, this.#user, those(ABSENT));
    return deleted.length;
  }

  #step(ids: readonly SessionId[]): Promise<readonly string[]> {
    const { commands, keys } = this.#parts;
    const script = { script: FORGET, args: [timeText(this.#call.now), ownerText(this.#user)] };
    const places = ids.map((id) => keys.record(id));
    const letters = (reply: unknown): readonly string[] => [...(textIn(reply) ?? "")];
    return commands.runOn("forget", this.#call, places, script, letters);
  }
}
