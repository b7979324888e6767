// Comes: a key, signed or not, in Flask's cookie. Goes: the same, with Flask-Session's record in Redis.
import type { JsonObject } from "../../../src/core/json.ts";
import type { SessionRecord } from "../../../src/core/record.ts";
import type { StoreProfile } from "../../../src/core/store.ts";
import { type KeyCookie, KeyedCarrier } from "./support/keyed-passage.ts";
import type { Format, KeyedRows } from "./support/keyed-records.ts";

/** What of a Redis client is needed; scripts make of a comparison and a write one step. */
export interface RedisClient {
  get(key: string): Promise<string | null>;
  pttl(key: string): Promise<number>;
  eval(script: string, keys: readonly string[], values: readonly string[]): Promise<unknown>;
}

/** How Flask-Session is set up. */
export interface FlaskSessionOptions {
  readonly client: RedisClient;
  readonly cookie: KeyCookie;
  /** SESSION_KEY_PREFIX. */
  readonly prefix: string;
  readonly profile: StoreProfile;
}

const SWAP = `
  if redis.call('GET', KEYS[1]) ~= (ARGV[1] ~= '' and ARGV[1]) then return 0 end
  if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
  redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3])
  return 1`;

/** The carrier of sessions that Flask-Session keeps in Redis. */
export function flaskSessionCarrier(options: FlaskSessionOptions): KeyedCarrier {
  const { cookie } = options;
  return new KeyedCarrier({ name: "flask", cookie, format: FORMAT, rows: rowsOf(options) });
}

function rowsOf({ client, prefix, profile }: FlaskSessionOptions): KeyedRows {
  return {
    profile,
    read: async (key, { now }) => {
      const [text, leftMs] = await Promise.all([
        client.get(prefix + key),
        client.pttl(prefix + key),
      ]);
      return text === null || leftMs < 0 ? undefined : { text, endsAt: now + leftMs };
    },
    swap: async (key, before = "", after = { text: "", endsAt: 0 }) => {
      const values = [before, after.text, String(after.endsAt)];
      return (await client.eval(SWAP, [prefix + key], values)) === 1;
    },
  };
}

const FORMAT: Format = {
  read: (text, now) => {
    const values = unpickled(text);
    if (values === undefined) return undefined;
    const { _permanent, _user_id, ...rest } = values;
    // Flask-Login's place for it.
    const userId = typeof _user_id === "string" ? _user_id : undefined;
    const data = JSON.stringify(rest);
    return { data, userId, persistent: _permanent === true, createdAt: now, lastSeenAt: now };
  },
  write: ({ data, userId, persistent }: SessionRecord) =>
    pickled({
      ...(persistent ? { _permanent: true } : {}),
      ...JSON.parse(data),
      ...(userId === undefined ? {} : { _user_id: userId }),
    }),
};

/** By an own reader that builds plain values alone: pickle may name any function to be called. */
export declare function unpickled(text: string): JsonObject | undefined;
export declare function pickled(values: JsonObject): string;
