import { OptionsError } from "../../core/errors.ts";
import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import { requiredText } from "../foreign/text-options.ts";
import { cachelibFiles } from "../places/cachelib-files.ts";
import { memcachedRows } from "../places/memcached-rows.ts";
import type { ForeignPlace, Named } from "../places/place.ts";
import { redisRows } from "../places/redis-rows.ts";
import { sqlRows } from "../places/sql-rows.ts";
import type { FlaskServerFiles, FlaskServerOptions, FlaskServerTable } from "./server-options.ts";

const PLACES = ["redis", "memcached", "filesystem", "sqlalchemy"] as const;

/** Which of the places that Flask-Session knows. */
export type PlaceName = (typeof PLACES)[number];

/** The name of the place that the options give, and the place. @throws {@link OptionsError} */
export function placeOf(
  group: string,
  options: FlaskServerOptions,
): { readonly name: PlaceName; readonly place: ForeignPlace } {
  const { sessionKeyPrefix = "session:" } = options;
  const named: Named = { keyFor: (key) => `${prefix}${key}` };
  const prefix = checkedPrefix(group, sessionKeyPrefix);
  const given = PLACES.filter((place) => options[place] !== undefined);
  const [name] = given;
  if (name === undefined || given.length > 1) {
    throw new OptionsError(group, `takes one of ${PLACES.join(", ")}: where the sessions lie.`);
  }
  return { name, place: madeAs(name, group, options, named) };
}

function madeAs(
  name: PlaceName,
  group: string,
  { redis, memcached, filesystem, sqlalchemy }: FlaskServerOptions,
  named: Named,
): ForeignPlace {
  if (redis !== undefined) return redisRows(redis, named);
  if (memcached !== undefined) return memcachedRows(memcached, { ...named, flags: 0 });
  if (filesystem !== undefined) return filesOf(`${group}.${name}`, filesystem, named);
  return tableOf(`${group}.${name}`, sqlalchemy, named);
}

function filesOf(group: string, files: FlaskServerFiles, named: Named): ForeignPlace {
  requireKnownKeys(group, files, ["folder", "hash"]);
  const folder = requiredText(`${group}.folder`, files.folder);
  const hash = oneOf(`${group}.hash`, files.hash, ["md5", "sha256"]) ?? "md5";
  return cachelibFiles({ ...named, folder, hash });
}

function tableOf(group: string, table: FlaskServerTable | undefined, named: Named): ForeignPlace {
  if (table === undefined) throw new OptionsError(group, "must be an object.");
  requireKnownKeys(group, table, ["database", "table"]);
  return sqlRows(table.database, {
    ...named,
    table: requiredText(`${group}.table`, table.table ?? "sessions"),
    key: "session_id",
    data: { column: "data", holds: "bytes" },
    expiry: { column: "expiry", holds: "utc" },
  });
}

function checkedPrefix(group: string, prefix: string): string {
  if (typeof prefix === "string" && prefix.isWellFormed()) return prefix;
  throw new OptionsError(`${group}.sessionKeyPrefix`, "must be a text.");
}
