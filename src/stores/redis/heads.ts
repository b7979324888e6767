import type { StoreCall } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import type { Commands } from "./commands.ts";
import type { Keys } from "./keys.ts";
import { holdsFacts } from "./records.ts";
import { textIn } from "./replies.ts";

/** Covers the lines in front of the data of nearly every session. */
const USUAL_BYTES = 768;
/** So many times as much where it does not: of a long id of a user, say. */
const GROWTH = 16;

/** The lines in front of each record's data, and little of the data; an empty text for none. */
export async function headsOf(
  commands: Commands,
  keys: Keys,
  ids: readonly SessionId[],
  call: StoreCall,
): Promise<ReadonlyMap<SessionId, string>> {
  const heads = new Map<SessionId, string>();
  let asked = ids;
  for (let bytes = USUAL_BYTES; asked.length > 0; bytes *= GROWTH) {
    const last = String(bytes - 1);
    const replies = await commands.askAbout("list", call, asked, {
      command: (id) => ["getrange", keys.record(id), "0", last],
      read: (reply, id) => [id, textIn(reply) ?? ""] as const,
    });
    for (const [id, head] of replies) heads.set(id, head);
    const cut = replies.filter(([, head]) => !holdsFacts(head) && fills(head, bytes));
    asked = cut.map(([id]) => id);
  }
  return heads;
}

// A letter that was cut in two may count for more than its bytes.
function fills(head: string, bytes: number): boolean {
  return Buffer.byteLength(head) >= bytes;
}
