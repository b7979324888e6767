import pg from "pg";
import { afterAll, beforeAll, describe } from "vitest";
import { describeDjangoLaws } from "../support/django-laws.ts";
import { DjangoWorld } from "../support/django-world.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
let pool: pg.Pool;
beforeAll(async () => {
  const { port } = await servers.get("postgres");
  pool = new pg.Pool({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
});
afterAll(async () => {
  await pool?.end();
  await servers.stop();
});

const passwordOf = async (userId: string): Promise<string | undefined> => {
  const sql = "SELECT password FROM auth_user WHERE id::text = $1 AND is_active";
  return (await pool.query(sql, [userId])).rows[0]?.password;
};

describe("Django's db on PostgreSQL", () =>
  describeDjangoLaws({
    start: () =>
      DjangoWorld.start("Django on PostgreSQL", servers, () => ({ database: pool }), passwordOf),
    isCarried: false,
  }));
