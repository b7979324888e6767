import { OptionsError } from "../../core/errors.ts";
import type { MemcachedClient } from "../../stores/memcached/client.ts";
import type { MemcachedAddress } from "./memcached-line.ts";

/** `"127.0.0.1:11211"`, or a client of one server that `memcachedStore` takes. */
export type MemcachedSource = string | MemcachedClient;

const DEFAULT_PORT = 11_211;

/** Where a source leads. @throws {@link OptionsError} where that is not one server. */
export function memcachedAddress(source: MemcachedSource): MemcachedAddress {
  const [server, ...others] = serversOf(source);
  const url = URL.parse(`tcp://${server}`);
  if (server !== undefined && others.length === 0 && url !== null && url.hostname !== "") {
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    return { host, port: url.port === "" ? DEFAULT_PORT : Number(url.port) };
  }
  throw new OptionsError(
    "memcachedRows(source)",
    'takes the address of one server, such as "127.0.0.1:11211", or a client of one server: how ' +
      "the framework's own client spreads keys over several is not known here.",
  );
}

function serversOf(source: MemcachedSource): readonly string[] {
  if (typeof source === "string") return [source];
  const { servers, options } = Object(source) as { servers?: unknown; options?: unknown };
  if (Array.isArray(servers)) return servers.map(String);
  return namesIn((Object(options) as { server?: unknown }).server);
}

/** As `memcache-client` takes them: a text, or `{ server }`, or `{ servers: [{ server }] }`. */
function namesIn(given: unknown): readonly string[] {
  if (typeof given === "string") return [given];
  const { server, servers } = Object(given) as { server?: unknown; servers?: unknown };
  if (Array.isArray(servers)) return servers.flatMap(namesIn);
  return server === undefined ? [] : namesIn(server);
}
