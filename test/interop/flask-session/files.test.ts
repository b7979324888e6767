import { afterAll } from "vitest";
import { describeFlaskSessionLaws } from "../support/flask-session-laws.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
afterAll(() => servers.stop());

for (const name of ["Flask-Session in files", "Flask-Session in files, signed"] as const) {
  describeFlaskSessionLaws(name, servers, ({ folder }) => ({
    filesystem: { folder: `${folder}/sessions` },
  }));
}
