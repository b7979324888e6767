import type { RedisClient } from "../../stores/redis/clients.ts";
import { offers } from "../../stores/redis/drivers.ts";
import { memcachedRows } from "../places/memcached-rows.ts";
import type { ForeignPlace } from "../places/place.ts";
import { redisRows } from "../places/redis-rows.ts";
import type { DjangoCacheClient, DjangoCacheSettings } from "./django-options.ts";

/** What pymemcache, pylibmc and python-memcached mark a pickle with. */
const PICKLE_FLAGS = 1;

/** Where a cache of Django's keeps what an engine puts there. */
export function cachePlace(
  engine: "cache" | "cached_db",
  settings: DjangoCacheSettings,
): ForeignPlace {
  const { cache, keyPrefix = "", cacheVersion = 1 } = settings;
  const prefix = `${keyPrefix}:${cacheVersion}:django.contrib.sessions.${engine}`;
  const keyFor = (key: string): string => `${prefix}${key}`;
  return isRedis(cache)
    ? redisRows(cache, { keyFor })
    : memcachedRows(cache, { keyFor, flags: PICKLE_FLAGS });
}

function isRedis(cache: DjangoCacheClient): cache is RedisClient {
  return offers(cache, "sendCommand", "connect") || offers(cache, "call", "pipeline", "duplicate");
}
