import { afterAll } from "vitest";
import { describeFlaskSessionLaws } from "../support/flask-session-laws.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
afterAll(() => servers.stop());

for (const name of ["Flask-Session on SQLite", "Flask-Session on SQLite, signed"] as const) {
  describeFlaskSessionLaws(name, servers, ({ folder }) => ({
    sqlalchemy: { database: `${folder}/site.sqlite` },
  }));
}
