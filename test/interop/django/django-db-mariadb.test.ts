import { createPool, type Pool, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe } from "vitest";
import { mariadbAddress } from "../../support/servers/mariadb.ts";
import { describeDjangoLaws } from "../support/django-laws.ts";
import { DjangoWorld } from "../support/django-world.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
let pool: Pool;
beforeAll(async () => {
  pool = createPool(mariadbAddress(await servers.get("mariadb")));
});
afterAll(async () => {
  await pool?.end();
  await servers.stop();
});

const passwordOf = async (userId: string): Promise<string | undefined> => {
  const sql = "SELECT password FROM auth_user WHERE id = ? AND is_active";
  const [rows] = await pool.query<RowDataPacket[]>(sql, [userId]);
  return rows[0]?.["password"];
};

describe("Django's db on MariaDB", () =>
  describeDjangoLaws({
    start: () =>
      DjangoWorld.start("Django on MariaDB", servers, () => ({ database: pool }), passwordOf),
    isCarried: false,
  }));
