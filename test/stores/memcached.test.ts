import { afterAll, beforeAll, describe, it } from "vitest";
import { describeStore } from "../../src/testing/store.ts";
import { memcached } from "../support/servers/memcached.ts";
import { startServer, type TestServer } from "../support/servers/test-server.ts";
import { CLIENTS, openStore } from "./support/memcached-clients.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer(memcached());
});
afterAll(() => server.stop());

for (const [name, connect] of CLIENTS) {
  describeStore(
    `Memcached by ${name}`,
    openStore(connect, () => server),
    {
      runner: { describe, it },
    },
  );
}
