import { startMariadb } from "../../support/servers/mariadb.ts";
import { memcached } from "../../support/servers/memcached.ts";
import { startPostgres } from "../../support/servers/postgres.ts";
import { startRedis } from "../../support/servers/redis.ts";
import { startServer, type TestServer } from "../../support/servers/test-server.ts";
import type { ServerName } from "./python-sites.ts";

/** The servers of one test file, each started when a site first asks for it. */
export class SiteServers {
  readonly #started = new Map<ServerName, Promise<TestServer>>();

  get(name: ServerName): Promise<TestServer> {
    const started = this.#started.get(name) ?? STARTS[name]();
    this.#started.set(name, started);
    return started;
  }

  async stop(): Promise<void> {
    const starts = await Promise.allSettled(this.#started.values());
    await Promise.all(starts.map((start) => start.status === "fulfilled" && start.value.stop()));
  }
}

const STARTS: Readonly<Record<ServerName, () => Promise<TestServer>>> = {
  mariadb: () => startMariadb(),
  memcached: () => startServer(memcached()),
  postgres: async () => (await startPostgres()).server,
  redis: () => startRedis(),
};
