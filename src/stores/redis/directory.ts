import type { SessionFacts } from "../../core/record.ts";
import type { Directory, UserKey } from "../../core/store.ts";
import type { Commands } from "./commands.ts";
import { EndingAll } from "./ending-all.ts";
import { Forgetting } from "./forgetting.ts";
import { Generations } from "./generations.ts";
import { headsOf } from "./heads.ts";
import type { Keys } from "./keys.ts";
import type { RecordScan } from "./record-scan.ts";
import { factsOf } from "./records.ts";
import type { Server } from "./server.ts";
import type { Tidying } from "./tidying.ts";
import type { UserIndex } from "./user-index.ts";

/** What the directory is made of. */
export interface DirectoryParts {
  readonly commands: Commands;
  readonly keys: Keys;
  readonly server: Server;
  readonly index: UserIndex;
  readonly scan: RecordScan;
  readonly tidying: Tidying;
}

/** The directory of a Redis store. */
export function redisDirectory(parts: DirectoryParts): Directory {
  const { commands, keys, index, scan } = parts;
  const generations = new Generations(commands, keys, parts.server);
  return {
    generation: (user, call) => generations.generation(user, call),
    raiseGeneration: (user, call, keepUntil) => generations.raise(user, call, keepUntil),
    async list(user, call) {
      const ids = await index.ids("list", call, user);
      const heads = await headsOf(commands, keys, ids, call);
      const found = ids.map((id) => theirs(user, factsOf(id, heads.get(id) ?? "", call.now)));
      const stale = ids.filter((_, place) => found[place] === undefined);
      parts.tidying.later(call, (later) => index.removeStale("list", later, user, stale));
      const facts = found.filter((each) => each !== undefined);
      return facts.sort((one, other) => other.lastSeenAt - one.lastSeenAt);
    },
    endAll: (user, end, call) => new EndingAll(parts, user, end, call).run(),
    forget: (user, call) => new Forgetting(parts, user, call).run(),
    scan: (page, call) => scan.page(page, call),
    count: (manager, call) => scan.count(manager, call),
  };
}

function theirs(
  { manager, userId }: UserKey,
  facts: SessionFacts | undefined,
): SessionFacts | undefined {
  return facts?.userId === userId && facts.manager === manager ? facts : undefined;
}
