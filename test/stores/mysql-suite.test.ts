import { afterAll, beforeAll, describe, it } from "vitest";
import { describeStore } from "../../src/testing/store.ts";
import { startMariadb } from "../support/servers/mariadb.ts";
import type { TestServer } from "../support/servers/test-server.ts";
import { describeGenerations } from "./support/generations.ts";
import { openMysql, withCallbacks, withOddSessions, withPromises } from "./support/mysql.ts";
import { describeNotes } from "./support/notes.ts";

let server: TestServer;
beforeAll(async () => {
  // A kill loses nothing by it, only a loss of power would; and the tables are made faster.
  server = await startMariadb(["--innodb-flush-log-at-trx-commit=2"]);
});
afterAll(async () => {
  await server?.stop();
});

const runner = { describe, it };
const running = (): TestServer => server;

describeStore("MySQL, a pool of mysql2/promise", openMysql(running, withPromises), { runner });
describeNotes("MySQL", openMysql(running, withPromises));
describeGenerations("MySQL", openMysql(running, withOddSessions, { bigNumberStrings: true }));
describeStore(
  "MySQL, a pool of mysql2",
  openMysql(running, withCallbacks, { resetOnRelease: true }),
  {
    runner,
  },
);
describeStore(
  "MySQL, a pool with settings of its own",
  openMysql(running, withOddSessions, {
    charset: "latin1",
    connectionLimit: 2,
    flags: ["-FOUND_ROWS"],
    namedPlaceholders: true,
    nestTables: "_",
    rowsAsArray: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    typeCast: (field) => `cast ${field.string()}`,
  }),
  { runner },
);
