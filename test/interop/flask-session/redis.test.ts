import { Redis } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import { describeFlaskSessionLaws } from "../support/flask-session-laws.ts";
import { SiteServers } from "../support/site-servers.ts";

const servers = new SiteServers();
let redis: Redis;
beforeAll(async () => {
  redis = new Redis((await servers.get("redis")).port);
  redis.on("error", () => undefined);
});
afterAll(async () => {
  redis?.disconnect();
  await servers.stop();
});

for (const name of ["Flask-Session on Redis", "Flask-Session on Redis, signed"] as const) {
  describeFlaskSessionLaws(name, servers, () => ({ redis }));
}
