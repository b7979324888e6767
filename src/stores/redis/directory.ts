import { StoreError } from "../../core/errors.ts";
import type { SessionRecord, StoredSession } from "../../core/record.ts";
import type { Directory, EndAll, StoreCall, UserKey } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import type { Commands } from "./commands.ts";
import { Generations } from "./generations.ts";
import type { Keys } from "./keys.ts";
import { ownerText, storedOf } from "./records.ts";
import { textIn } from "./replies.ts";
import type { Roll } from "./roll.ts";
import type { Server } from "./server.ts";
import type { Tidying } from "./tidying.ts";
import type { UserIndex } from "./user-index.ts";

/** What the directory is made of. */
export interface DirectoryParts {
  readonly commands: Commands;
  readonly keys: Keys;
  readonly server: Server;
  readonly index: UserIndex;
  readonly roll: Roll;
  readonly tidying: Tidying;
  /** Ends one session of a user; resolves to whether it did. */
  readonly endOne: (id: SessionId, owner: string, end: EndAll, call: StoreCall) => Promise<boolean>;
}

/** The directory of a Redis store. */
export function redisDirectory(parts: DirectoryParts): Directory {
  const { commands, keys, index, roll } = parts;
  const generations = new Generations(commands, keys, parts.server);
  return {
    generation: (user, call) => generations.generation(user, call),
    raiseGeneration: (user, call, keepUntil) => generations.raise(user, call, keepUntil),
    async list(user, call) {
      const ids = await index.ids("list", call, user);
      const found = await commands.askAbout("list", call, ids, {
        command: (id) => ["get", keys.record(id)],
        read: (reply, id) => theirs(user, storedOf(id, textIn(reply), call.now)),
      });
      const stale = ids.filter((_, place) => found[place] === undefined);
      parts.tidying.later(call, (later) => index.removeStale("list", later, user, stale));
      const records = found.filter((record) => record !== undefined);
      return records.sort((one, other) => other.lastSeenAt - one.lastSeenAt);
    },
    endAll: (user, end, call) => endAll(parts, user, end, call),
    scan: (page, call) => roll.page(page, call),
    count: (manager, call) => roll.count(manager, call),
  };
}

function theirs(
  { manager, userId }: UserKey,
  stored: StoredSession | undefined,
): SessionRecord | undefined {
  if (stored?.kind !== "live") return undefined;
  return stored.userId === userId && stored.manager === manager ? stored : undefined;
}

async function endAll(
  { index, tidying, endOne }: DirectoryParts,
  user: UserKey,
  end: EndAll,
  call: StoreCall,
): Promise<readonly SessionId[]> {
  const ids = (await index.ids("endAll", call, user)).filter((id) => id !== end.except);
  const owner = ownerText(user);
  const ends = await Promise.allSettled(ids.map((id) => endOne(id, owner, end, call)));
  const failure = ends.find((each) => each.status === "rejected");
  if (failure !== undefined) {
    // Some of them may have ended.
    const cause = failure.reason;
    throw new StoreError("endAll", "unknown", "not every end was acknowledged", { cause });
  }
  const ended = ids.filter((_, place) => {
    const each = ends[place];
    return each?.status === "fulfilled" && each.value;
  });
  tidying.later(call, (later) => index.remove("endAll", later, user, ended));
  return ended;
}
