/** A process that moves sessions between two SQLite files, and dies in it: `node migrate-worker.ts old new`. */
import { migrateSessions } from "../../src/migrate/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";

const [, , from = "", to = ""] = process.argv;
await migrateSessions(sqliteStore(from), sqliteStore(to), {
  managers: ["shop"],
  // By its own hand: before somebody else can, it may be done.
  onProgress: () => process.kill(process.pid, "SIGKILL"),
});
