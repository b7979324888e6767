import type { Directory } from "../../core/store.ts";
import { endingValues } from "../sql/columns.ts";
import type { Connection } from "./connection.ts";
import type { Notifier } from "./notifier.ts";
import { ROWS } from "./statements.ts";

/** The directory of a PostgreSQL store. */
export function postgresDirectory(connection: Connection, notifier: Notifier): Directory {
  return {
    async generation({ manager, userId }, call) {
      const [row] = await connection.run("generation", call, [manager, userId]);
      return Number(row?.[0] ?? 0);
    },
    async raiseGeneration({ manager, userId }, call, keepUntil) {
      const values = [manager, userId, call.now, keepUntil ?? null];
      const [row] = await connection.run("raiseGeneration", call, values);
      return Number(row?.[0]);
    },
    async list({ manager, userId }, call) {
      const rows = await connection.run("list", call, [manager, userId, call.now]);
      return rows.map(ROWS.facts);
    },
    async endAll({ manager, userId }, end, call) {
      const whose = [manager, userId, end.except ?? null, call.now];
      try {
        const rows = await connection.run("endAll", call, [...endingValues(end), ...whose]);
        const ids = rows.map(ROWS.id);
        if (ids.length > 0) notifier.ended(ids);
        return ids;
      } catch (error) {
        notifier.failedAll(error);
        throw error;
      }
    },
    async scan({ manager, after, limit }, call) {
      const values = [after ?? "", manager, call.now, limit];
      const rows = await connection.run("scan", call, values);
      return rows.map(ROWS.record);
    },
    async count(manager, call) {
      const [row] = await connection.run("count", call, [manager, call.now]);
      return Number(row?.[0]);
    },
  };
}
