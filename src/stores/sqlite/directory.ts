import { hiddenUser } from "../../core/hidden-user.ts";
import type { Directory, UserKey } from "../../core/store.ts";
import { endingValues } from "../sql/columns.ts";
import type { Connection } from "./connection.ts";
import { ROWS } from "./statements.ts";

/** A few milliseconds' work, before others have their turn. */
const MOST_FORGOTTEN = 250;

/** The directory of a SQLite store. */
export function sqliteDirectory(connection: Connection): Directory {
  return {
    generation(user, call) {
      return connection.run("generation", call, ({ generation }) => {
        return generationIn(generation.get(...named(user), ...named(hiddenUser(user))));
      });
    },
    raiseGeneration(user, call, keepUntil) {
      const [own, hidden] = [named(user), named(hiddenUser(user))];
      return connection.run("raiseGeneration", call, ({ raiseGeneration }) => {
        const values = [...own, call.now, keepUntil ?? null];
        const [row] = raiseGeneration.all(...values, ...own, ...hidden);
        return generationIn(row);
      });
    },
    list({ manager, userId }, call) {
      return connection.run("list", call, ({ list }) =>
        list.all(manager, userId, call.now).map(ROWS.facts),
      );
    },
    endAll({ manager, userId }, end, call) {
      const values = endingValues(end);
      const except = end.except ?? null;
      return connection.run("endAll", call, ({ endAll }) =>
        endAll.all(...values, manager, userId, except, call.now).map(ROWS.id),
      );
    },
    async forget(user, call) {
      const [own, hidden] = [named(user), named(hiddenUser(user))];
      await connection.run("forget", call, (statements) => {
        statements.hideGeneration.run(...hidden, ...own);
        statements.forgetGeneration.run(...own, ...hidden);
      });
      return connection.run("forget", call, ({ forget }) =>
        Number(forget.run(...own, call.now, MOST_FORGOTTEN).changes),
      );
    },
    scan({ manager, after, limit }, call) {
      return connection.run("scan", call, ({ scan }) =>
        scan.all(after ?? "", manager, call.now, limit).map(ROWS.record),
      );
    },
    count(manager, call) {
      return connection.run("count", call, ({ count }) => {
        const row = count.get(manager, call.now) as { readonly total: number | bigint };
        return Number(row.total);
      });
    },
  };
}

function named({ manager, userId }: UserKey): [string, string] {
  return [manager, userId];
}

function generationIn(row: unknown): number {
  const found = row as { readonly generation: number | bigint } | undefined | null;
  return Number(found?.generation ?? 0);
}
