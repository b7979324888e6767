import type { StoreProfile } from "../../core/store.ts";
import type { RedisClient } from "../../stores/redis/clients.ts";
import type { Format, KeptSessions } from "../foreign/foreign-sessions.ts";
import type { ForeignPlace } from "../places/place.ts";
import { redisRows } from "../places/redis-rows.ts";
import { sqlRows } from "../places/sql-rows.ts";
import { cachedRows } from "./cached-rows.ts";
import type {
  DjangoCachedDatabaseOptions,
  DjangoCacheOptions,
  DjangoDatabaseOptions,
  DjangoSessionsOptions,
} from "./django-options.ts";
import { fileRows } from "./file-rows.ts";
import { PICKLED_FORMAT } from "./pickled-format.ts";
import { SESSION_KEY } from "./session-key.ts";
import { sessionDataFormat, signedCookieFormat } from "./signed-formats.ts";

/** What differs from one of Django's session engines to the next. */
export interface EngineParts {
  readonly format: Format;
  readonly kept: KeptSessions | undefined;
  readonly profile: StoreProfile;
}

/** The parts of the engine that the options name. */
export function enginePartsOf(options: DjangoSessionsOptions, cookieAgeMs: number): EngineParts {
  const { secretKey, secretKeyFallbacks: fallbacks = [], version = "4.0" } = options;
  const secrets = { secretKey, fallbacks, version };
  switch (options.engine) {
    case "signed_cookies":
      return {
        format: signedCookieFormat(secrets, cookieAgeMs),
        kept: undefined,
        profile: IN_COOKIES,
      };
    case undefined:
    case "db":
      return keptIn(tableOf(options), sessionDataFormat(secrets));
    case "cache":
      return keptIn(cacheOf(options), PICKLED_FORMAT);
    case "cached_db": {
      const table = tableOf(options);
      const rows = cachedRows(table, cacheOf(options));
      const profile = { ...table.profile, caveats: [...CACHED, ...table.profile.caveats] };
      return keptIn({ ...rows, profile }, sessionDataFormat(secrets));
    }
    case "file": {
      const { folder, sessionCookieName = "sessionid" } = options;
      return keptIn(fileRows(folder, sessionCookieName), sessionDataFormat(secrets));
    }
    default:
      return options satisfies never;
  }
}

function keptIn(place: ForeignPlace, format: Format): EngineParts {
  const profile = { ...place.profile, caveats: [...place.profile.caveats, ...CAVEATS] };
  return { format, kept: { keys: SESSION_KEY, rows: place }, profile };
}

type TableOptions = Pick<DjangoDatabaseOptions, "database" | "table">;

function tableOf({ database, table = "django_session" }: TableOptions): ForeignPlace {
  return sqlRows(database, {
    table,
    keyFor: (key) => key,
    key: "session_key",
    data: { column: "session_data", holds: "text" },
    expiry: { column: "expire_date", holds: "instant" },
  });
}

function cacheOf(options: DjangoCacheOptions | DjangoCachedDatabaseOptions): ForeignPlace {
  const { cache, engine, keyPrefix = "", cacheVersion = 1 } = options;
  const prefix = `${keyPrefix}:${cacheVersion}:django.contrib.sessions.${engine}`;
  const keyFor = (key: string): string => `${prefix}${key}`;
  return redisRows(cache as RedisClient, { keyFor });
}

const CACHED: readonly string[] = [
  "Django goes by its cache, and fills it with what it has read from the table a moment before: what is " +
    "changed or ended here in that moment it may show as it was, until it writes the session or the cache forgets it.",
  "If the cache cannot be reached after the table was written, the request fails and the change stands.",
];
const CAVEATS: readonly string[] = [
  "Where a session ended nothing tells of it: a late request is a new visitor's.",
  "No session can be found from outside its request: not by its user, nor to be listed.",
];

const IN_COOKIES: StoreProfile = {
  scope: "network",
  durability: "power-loss",
  readYourWrites: "bounded",
  eviction: "never",
  caveats: [
    "Of two requests at once the answer that arrives last decides: a cookie cannot be compared and set.",
    "A copied cookie opens until it expires, signed out or not; a new password ends it.",
    "Django goes by SESSION_COOKIE_AGE alone, whatever a session says of its end; here the earlier one counts.",
    "Whoever holds the cookie can read what the session holds.",
  ],
};
