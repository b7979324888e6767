import { hiddenUser } from "../../core/hidden-user.ts";
import type { Directory, UserKey } from "../../core/store.ts";
import { endingValues } from "../sql/columns.ts";
import type { Connection } from "./connection.ts";
import type { Notifier } from "./notifier.ts";
import { ROWS } from "./statements.ts";

/** A twentieth of a second's work for the server. */
const MOST_FORGOTTEN = 5_000;

/** The directory of a PostgreSQL store. */
export function postgresDirectory(connection: Connection, notifier: Notifier): Directory {
  return {
    async generation(user, call) {
      const [row] = await connection.run("generation", call, bothNamesOf(user));
      return Number(row?.[0] ?? 0);
    },
    async raiseGeneration(user, call, keepUntil) {
      const values = [...bothNamesOf(user), call.now, keepUntil ?? null];
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
    async forget(user, call) {
      const values = [...bothNamesOf(user), call.now, MOST_FORGOTTEN];
      const [row] = await connection.run("forget", call, values);
      return Number(row?.[0]);
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

/** The user's own, and the one by which the user is not known. */
function bothNamesOf(user: UserKey): readonly string[] {
  const hidden = hiddenUser(user);
  return [user.manager, user.userId, hidden.manager, hidden.userId];
}
