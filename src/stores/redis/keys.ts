import { createHash } from "node:crypto";
import type { UserKey } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";

/** Where everything is kept. Each operation touches one key, so that any of them may be anywhere. */
export interface Keys {
  record(id: SessionId): string;
  /** The sessions of a user: a sorted set of ids, by the second in which they end. */
  index(user: UserKey): string;
  /** A hash of the generations of some of the users, each under the user's name. */
  generation(user: UserKey): string;
  /** Stands for a user, without telling who it is. */
  nameOf(user: UserKey): string;
  /** Where nothing is ever kept. */
  readonly trial: string;
  /** Where ends are told of. */
  readonly channel: string;
  /** What `SCAN` finds records by. */
  readonly pattern: string;
  /** The length of the prefix in keys as the server knows them. */
  readonly prefixBytes: number;
  /** What stands behind the prefix in a key as the server knows it. */
  idIn(key: string): string;
}

/** The keys under a prefix, where the client puts one of its own in front. */
export function keysUnder(prefix: string, clientPrefix: string): Keys {
  const whole = clientPrefix + prefix;
  return {
    record: (id) => prefix + id,
    index: (user) => `${prefix}u:${nameOf(user)}`,
    generation: (user) => `${prefix}g:${nameOf(user).slice(0, 1)}`,
    nameOf,
    trial: `${prefix}trial`,
    channel: `${whole}ended`,
    prefixBytes: Buffer.byteLength(whole),
    // Every id begins like this; what else is kept under the prefix does not.
    pattern: `${whole.replaceAll(/[\\*?[\]]/g, "\\$&")}s_*`,
    idIn: (key) => key.slice(whole.length),
  };
}

/** 96 bits: short keys, without a user's name in them. Who collides is told apart by the records. */
const NAME_LENGTH = 16;

// A manager's name may hold anything, so its length stands in front.
function nameOf({ manager, userId }: UserKey): string {
  const whole = createHash("sha256").update(`${manager.length}:${manager}:${userId}`);
  return whole.digest("base64url").slice(0, NAME_LENGTH);
}
