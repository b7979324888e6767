import { afterAll } from "vitest";
import { describeFlaskSessionLaws } from "../support/flask-session-laws.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
afterAll(() => servers.stop());

for (const name of ["Flask-Session on Memcached", "Flask-Session on Memcached, signed"] as const) {
  describeFlaskSessionLaws(name, servers, async () => ({
    memcached: `127.0.0.1:${(await servers.get("memcached")).port}`,
  }));
}
