import type { Deadline } from "../deadline.ts";
import type { Engine } from "../engine.ts";
import { SessionEndedError, StoreError } from "../errors.ts";
import type { RequestHead } from "../exchange.ts";
import { confirmNewToken, continueUnder } from "../lifecycle/succession.ts";
import { generationOf } from "../notes.ts";
import type { Passage } from "../passage.ts";
import { Live } from "./arrival.ts";

/** Whether a session that a request has brought is to go on under a new token by itself. */
export function isRenewalDue({ protections }: Engine, live: Live, { now }: Deadline): boolean {
  const rules = protections?.tokens;
  if (rules === undefined || live.by === "parallel" || live.isLocked) return false;
  return live.by === "lost" || rules.isDue(live.record, now);
}

/**
 * The session under a new token; `undefined` where a parallel request was first to give it one, or has
 * ended it. Where the store fails it goes on under the token that it has, if that is its own.
 */
export async function renewed(
  engine: Engine,
  passage: Passage,
  live: Live,
  deadline: Deadline,
  request: RequestHead,
): Promise<Live | undefined> {
  const { record: old, edits: pending } = live;
  try {
    const { token, record, edits } = await continueUnder(
      engine,
      old,
      {
        issue: () => {
          const fresh = passage.issue();
          // Where data opens by the token alone, the store is told the new one.
          deadline.know(fresh);
          return fresh;
        },
        derive: (newest) => newest,
        userId: old.userId,
        generation: generationOf(old),
        confirm: confirmNewToken(engine, deadline),
        isLinked: true,
        why: "renewal",
        pending,
      },
      deadline,
    );
    const { id, userId } = record;
    const event = { at: deadline.now, id, userId, previousId: old.id };
    engine.events.emit("regenerated", event, request);
    // What another request has stored meanwhile is taken along.
    const reading = engine.shape.read(record.data);
    if (typeof reading === "string") return undefined;
    return new Live(token, record, reading, { kind: "accepted", edits });
  } catch (error) {
    if (error instanceof SessionEndedError) return undefined;
    if (error instanceof StoreError && live.by === "own") return live;
    throw error;
  }
}
