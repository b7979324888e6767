import pg from "pg";
import { afterAll, beforeAll } from "vitest";
import { describeFlaskSessionLaws } from "../support/flask-session-laws.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
let database: pg.Pool;
beforeAll(async () => {
  const { port } = await servers.get("postgres");
  database = new pg.Pool({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
});
afterAll(async () => {
  await database?.end();
  await servers.stop();
});

describeFlaskSessionLaws("Flask-Session on PostgreSQL", servers, () => ({
  sqlalchemy: { database },
}));
