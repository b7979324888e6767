import { MemcacheClient } from "memcache-client";
import Memcached from "memcached";
import { type MemcachedClient, memcachedStore } from "../../../src/stores/memcached/index.ts";
import type { OpenStore } from "../../../src/testing/store.ts";
import type { Place, TestServer } from "../../support/servers/test-server.ts";

/** A client of either package, and what closes it. */
export interface OpenClient {
  readonly client: MemcachedClient;
  close(): void;
}

export type Connect = (...places: readonly Pick<Place, "port">[]) => OpenClient;

/** No answer keeps this client waiting for longer. */
const CMD_TIMEOUT_MS = 5_000;

export const connectPromise: Connect = (place) => {
  const server = `127.0.0.1:${place?.port}`;
  const client = new MemcacheClient({ server, noDelay: true, cmdTimeout: CMD_TIMEOUT_MS });
  return { client, close: () => client.shutdown() };
};

/** What the store's README tells to write. */
export const CALLBACK_OPTIONS: Memcached.options = { retries: 0, retry: 100, failures: 1e9 };

export const connectCallback: Connect = (...places) => {
  const servers = places.map(({ port }) => `127.0.0.1:${port}`);
  const client = new Memcached(servers, CALLBACK_OPTIONS);
  return { client, close: () => client.end() };
};

export const CLIENTS: readonly (readonly [string, Connect])[] = [
  ["memcache-client", connectPromise],
  ["memcached", connectCallback],
];

/** The store on a server of the test file, with a second client beside it. */
export function openStore(connect: Connect, server: () => TestServer): OpenStore {
  return async () => {
    const clients: OpenClient[] = [];
    const opened = (): ReturnType<typeof memcachedStore> => {
      const open = connect(server());
      clients.push(open);
      return memcachedStore(open.client);
    };
    return {
      store: opened(),
      sibling: async () => opened(),
      async stall() {
        server().pause();
        return async () => server().resume();
      },
      async close() {
        for (const client of clients) client.close();
      },
    };
  };
}
