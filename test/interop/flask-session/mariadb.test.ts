import { createPool, type Pool } from "mysql2/promise";
import { afterAll, beforeAll } from "vitest";
import { mariadbAddress } from "../../support/servers/mariadb.ts";
import { describeFlaskSessionLaws } from "../support/flask-session-laws.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
let database: Pool;
beforeAll(async () => {
  database = createPool(mariadbAddress(await servers.get("mariadb")));
});
afterAll(async () => {
  await database?.end();
  await servers.stop();
});

describeFlaskSessionLaws("Flask-Session on MariaDB", servers, () => ({
  sqlalchemy: { database },
}));
