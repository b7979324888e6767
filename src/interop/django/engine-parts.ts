import type { StoreProfile } from "../../core/store.ts";
import type { Format, KeptSessions } from "../foreign/foreign-sessions.ts";
import type { ForeignPlace } from "../places/place.ts";
import { sqlRows } from "../places/sql-rows.ts";
import { cachePlace } from "./cache-place.ts";
import { cachedRows } from "./cached-rows.ts";
import { datedFiles } from "./dated-files.ts";
import type { DjangoDatabaseOptions, DjangoSessionsOptions } from "./django-options.ts";
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
    case "cache": {
      const place = cachePlace(options.engine, options);
      const caveats = [...IN_CACHE, ...place.profile.caveats];
      const profile = { ...place.profile, eviction: "any", caveats } as const;
      return keptIn({ ...place, profile }, PICKLED_FORMAT);
    }
    case "cached_db": {
      const table = tableOf(options);
      const rows = cachedRows(table, cachePlace(options.engine, options));
      const profile = { ...table.profile, caveats: [...CACHED, ...table.profile.caveats] };
      return keptIn({ ...rows, profile }, sessionDataFormat(secrets));
    }
    case "file": {
      const { folder, sessionCookieName = "sessionid" } = options;
      return keptIn(datedFiles(folder, sessionCookieName), sessionDataFormat(secrets));
    }
    default:
      return options satisfies never;
  }
}

function keptIn(place: ForeignPlace, format: Format): EngineParts {
  return { format, kept: { keys: SESSION_KEY, rows: place }, profile: place.profile };
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

const IN_CACHE: readonly string[] = [
  "A cache may drop what it holds at any time, and a session with it, unless its server is set not to.",
  "What is in a cache nobody has signed: whoever can write there can sign in as anybody, here as in Django.",
];
const CACHED: readonly string[] = [
  "Django goes by its cache, and puts there what it has read from the table, or written, a moment before: " +
    "what is changed or ended here within that moment it may show as it was, until the session is written " +
    "again or the cache forgets it.",
  "If the cache cannot be reached after the table was written, the request fails and the change stands.",
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
