import { OptionsError } from "../../core/errors.ts";
import type { CallbackMemcachedClient, MemcachedClient } from "./client.ts";
import { callbackItems, type Items, promiseItems } from "./items.ts";

const WHERE = "memcachedStore(client)";
const WANTED =
  "takes a MemcacheClient of the package memcache-client, a Memcached of the package memcached, " +
  "or a list of them";

/** A `memcached` client that failed this often pings the host, and waits `reconnect` (5 hours). */
const FEWEST_FAILURES = 1_000_000;
/** For so long a `memcached` client answers nothing after one failure. */
const LONGEST_RETRY_MS = 5_000;

/**
 * The items of one client.
 *
 * @throws {@link OptionsError} if it is of no supported package, or set to move keys to another
 * server when one is down.
 */
export function itemsOf(client: MemcachedClient): Items {
  const members = membersOf(client);
  if (!["gets", "add", "cas"].every((name) => typeof members[name] === "function")) {
    throw new OptionsError(WHERE, `${WANTED}; this client has not all of gets, add and cas.`);
  }
  if (isCallbackClient(client)) {
    checkCallbackClient(members);
    return callbackItems(client);
  }
  checkPromiseClient(members);
  return promiseItems(client);
}

function isCallbackClient(client: MemcachedClient): client is CallbackMemcachedClient {
  return "servers" in client && "failures" in client;
}

function checkPromiseClient(members: Members): void {
  if (typeof members["getNodesByKey"] === "function") {
    throw new OptionsError(
      WHERE,
      `${WANTED}; a Memcache of the package memcache gives no cas token, and may take one answer ` +
        "for another after a lost connection.",
    );
  }
  const { server } = membersOf(members["options"]);
  const { servers } = membersOf(server);
  if (server === undefined) throw new OptionsError(WHERE, `${WANTED}.`);
  if (Array.isArray(servers) && servers.length > 1) {
    throw new OptionsError(
      WHERE,
      "this client has several servers and asks one at random; make one client for each server " +
        "and pass them in a list.",
    );
  }
}

function checkCallbackClient(members: Members): void {
  const { remove, redundancy, failOverServers, failures, retry } = members;
  if (remove || redundancy || failOverServers) {
    throw new OptionsError(
      WHERE,
      "this client moves keys to another server when one is down, and back when it returns with " +
        "its old items: an ended session would live again. Leave out remove, failOverServers and " +
        "redundancy.",
    );
  }
  if (!(Number.isSafeInteger(failures) && Number(failures) >= FEWEST_FAILURES)) {
    throw new OptionsError(
      WHERE,
      "this client gives a server up for hours after some failures; make it with failures: 1e9.",
    );
  }
  if (!(Number(retry) <= LONGEST_RETRY_MS)) {
    throw new OptionsError(
      WHERE,
      `this client answers nothing for ${retry} ms after one failure; make it with retry: 1000.`,
    );
  }
}

type Members = Readonly<Record<string, unknown>>;

function membersOf(value: unknown): Members {
  return Object(value);
}
