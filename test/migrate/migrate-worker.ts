/** A process that moves sessions between two SQLite files: `node migrate-worker.ts old new`. */
import { migrateSessions } from "../../src/migrate/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";

const [, , from = "", to = ""] = process.argv;
await migrateSessions(sqliteStore(from), sqliteStore(to), {
  managers: ["shop"],
  onProgress: ({ moved }) => process.send?.(moved),
});
process.disconnect?.();
