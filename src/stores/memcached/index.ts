import { OptionsError } from "../../core/errors.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { SessionStore, StoreProfile } from "../../core/store.ts";
import type { MemcachedClient } from "./client.ts";
import { Connection } from "./connection.ts";
import { MemcachedStore } from "./memcached-store.ts";
import { itemsOf } from "./source.ts";

export type {
  CallbackMemcachedClient,
  MemcachedCallback,
  MemcachedClient,
  PromiseMemcachedClient,
} from "./client.ts";

/** How a Memcached store keeps its sessions. */
export interface MemcachedStoreOptions {
  /**
   * What every key begins with: letters, digits and `_ . : / -`, at most 150.
   *
   * @defaultValue "sojourn:"
   */
  readonly prefix?: string | undefined;
  /**
   * The largest item that the servers take, in bytes: what their `-I` says. A session that would
   * be larger is refused before it is sent.
   *
   * @defaultValue 1_048_576
   */
  readonly maxItemBytes?: number | undefined;
}

/**
 * Keeps sessions in Memcached: fast, shared by every host, and forgotten when memory runs short or
 * a server restarts.
 *
 * Give it a client that you made: a `MemcacheClient` of `memcache-client`, or a `Memcached` of
 * `memcached`. For several servers give it a list of clients, in the same order in every process;
 * each session belongs to one of them for good.
 *
 * @throws {@link OptionsError} if an option is wrong, or the client is set to fail over. Nothing is
 * sent here.
 * @example
 * import { MemcacheClient } from "memcache-client";
 * import { createSessions } from "sojourn";
 * import { memcachedStore } from "sojourn/memcached";
 *
 * const server = "localhost:11211";
 * const client = new MemcacheClient({ server, noDelay: true, connectTimeout: 3_000 });
 * const sessions = createSessions({ store: memcachedStore(client) });
 */
export function memcachedStore(
  client: MemcachedClient | readonly MemcachedClient[],
  options: MemcachedStoreOptions = {},
): SessionStore & Required<Pick<SessionStore, "touch" | "close">> {
  requireKnownKeys("memcachedStore", options, ["prefix", "maxItemBytes"]);
  const { prefix = "sojourn:", maxItemBytes = MEBIBYTE } = options;
  checkPrefix(prefix);
  checkMaxItemBytes(maxItemBytes);
  const servers = listOf(client).map(itemsOf);
  if (servers.length === 0) {
    throw new OptionsError("memcachedStore(client)", "the list is empty; pass a client at least.");
  }
  return new MemcachedStore(new Connection(servers, prefix), PROFILE, maxItemBytes);
}

const MEBIBYTE = 1_048_576;
const FEWEST_ITEM_BYTES = 1_024;
const PREFIX_FORM = /^[A-Za-z0-9_.:/-]{0,150}$/;

function listOf(client: MemcachedClient | readonly MemcachedClient[]): readonly MemcachedClient[] {
  return Array.isArray(client) ? client : [client as MemcachedClient];
}

function checkPrefix(prefix: string): void {
  if (typeof prefix === "string" && PREFIX_FORM.test(prefix)) return;
  throw new OptionsError(
    "memcachedStore.prefix",
    'must be letters, digits and _ . : / -, at most 150; write one such as "shop:".',
  );
}

function checkMaxItemBytes(bytes: number): void {
  if (Number.isSafeInteger(bytes) && bytes >= FEWEST_ITEM_BYTES) return;
  throw new OptionsError(
    "memcachedStore.maxItemBytes",
    `must be a whole number of bytes, at least ${FEWEST_ITEM_BYTES}; write what the servers' -I says.`,
  );
}

const PROFILE: StoreProfile = {
  scope: "network",
  durability: "process",
  readYourWrites: "always",
  eviction: "any",
  caveats: [
    "A server that is short of memory drops any session, and one that restarts drops all of its " +
      "own: those visitors are signed out.",
    "It cannot find sessions by user: list, count and revokeAll reject, and signIn has no " +
      "generation to compare.",
    "A tombstone may be dropped too. The session stays dead, as nothing creates an id twice; " +
      "but a late request then finds it unknown rather than ended, and a create that the network " +
      "delivers only after all that would bring it back.",
    "While a server is down or away, the calls for its sessions fail; no other server takes over.",
  ],
};
