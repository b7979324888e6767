import type { Directory } from "../../core/store.ts";
import { endingValues } from "../sql/columns.ts";
import type { Connection } from "./connection.ts";
import { ROWS } from "./statements.ts";

/** The directory of a SQLite store. */
export function sqliteDirectory(connection: Connection): Directory {
  return {
    generation({ manager, userId }, call) {
      return connection.run("generation", call, ({ generation }) => {
        return generationIn(generation.get(manager, userId));
      });
    },
    raiseGeneration({ manager, userId }, call, keepUntil) {
      return connection.run("raiseGeneration", call, ({ raiseGeneration }) => {
        const [row] = raiseGeneration.all(manager, userId, call.now, keepUntil ?? null);
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

function generationIn(row: unknown): number {
  const found = row as { readonly generation: number | bigint } | undefined | null;
  return Number(found?.generation ?? 0);
}
