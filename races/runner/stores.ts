import { startPostgres } from "../../test/support/servers/postgres.ts";
import { startRedis } from "../../test/support/servers/redis.ts";
import type { TestServer } from "../../test/support/servers/test-server.ts";
import type { Store } from "./application.ts";
import type { Contestant } from "./contestant.ts";

/** Starts what a contestant keeps its sessions in, empty, and stops it after the use. */
export async function withStore<Outcome>(
  { place }: Contestant,
  use: (store: Store | undefined) => Promise<Outcome>,
): Promise<Outcome> {
  const started = await startStore(place);
  try {
    return await use(started?.store);
  } finally {
    await started?.server.stop();
  }
}

async function startStore(
  place: Contestant["place"],
): Promise<{ readonly server: TestServer; readonly store: Store } | undefined> {
  if (place === "redis") {
    const server = await startRedis();
    const url = (port: number): string => `redis://127.0.0.1:${port}`;
    return { server, store: { port: server.port, variable: "RACES_REDIS", url } };
  }
  if (place === "postgres") {
    const { server } = await startPostgres();
    const url = (port: number): string => `postgres://postgres@127.0.0.1:${port}/postgres`;
    return { server, store: { port: server.port, variable: "RACES_POSTGRES", url } };
  }
  return undefined;
}
