import { type Duration, durationMs } from "../../../core/duration.ts";
import { pooledRandom } from "../../../core/environment.ts";
import { OptionsError } from "../../../core/errors.ts";
import type { JsonObject } from "../../../core/json.ts";
import { refuseTokenBound } from "../../../core/keychain.ts";
import { isStore, requireKnownKeys } from "../../../core/option-checks.ts";
import type { SessionStore } from "../../../core/store.ts";
import { Cookie } from "../cookie.ts";
import { passportUser } from "../engine/passport-user.ts";
import { ConnectSessions, type TheirStore } from "./connect-sessions.ts";
import { MovingSessions } from "./moving-sessions.ts";
import { Sids } from "./sids.ts";

export type { TheirStore } from "./connect-sessions.ts";
export type { MoveAllOptions, Moved } from "./move-all.ts";
export type { MovingSessions } from "./moving-sessions.ts";

/** How sessions move from a store made for express-session to one of ours. */
export interface MovingOptions {
  /**
   * Seals what a record of ours keeps of the session's id in their store. The secret of `session()`
   * will do; the same in each process.
   */
  readonly secret: string;
  /**
   * How long one of theirs may live without being used: as long as the longest `maxAge`, and as their
   * store's `ttl`. For so long it is remembered that a session has ended.
   *
   * @defaultValue "30d"
   */
  readonly lifetime?: Duration | undefined;
  /**
   * Whose a session is, by its data; as `sojourn.userId` of `session()`.
   *
   * @defaultValue what passport keeps: `passport.user`, or its `id` or `_id`
   */
  readonly userId?: ((session: JsonObject) => string | undefined) | undefined;
}

/**
 * Two stores as one, for the time in which sessions move from a store made for express-session to one
 * of ours: the `store` of `session()` from `sojourn/express-session`.
 *
 * Each session is taken over when its visitor comes. Ours decides from then on, and theirs is kept up
 * to date, so that processes that know that one alone, those of express-session too, go on meanwhile,
 * and anything may be rolled back.
 *
 * @throws {@link OptionsError} if a store is none, or an option is wrong.
 * @example
 * import { RedisStore } from "connect-redis";
 * import { createClient } from "redis";
 * import session from "sojourn/express-session";
 * import { movingStore } from "sojourn/express-session/moving";
 * import { redisStore } from "sojourn/redis";
 *
 * const client = createClient();
 * const secret = process.env["SESSION_SECRET"] ?? "";
 * const store = movingStore(new RedisStore({ client }), redisStore(client), { secret });
 * const middleware = session({ secret, store });
 */
export function movingStore(
  from: TheirStore,
  to: SessionStore,
  options: MovingOptions,
): MovingSessions {
  requireKnownKeys("movingStore", options, ["secret", "lifetime", "userId"]);
  checkStores(from, to);
  const { secret, lifetime = "30d", userId } = options;
  if (typeof secret !== "string" || secret === "") {
    throw new OptionsError("movingStore.secret", "must be a text that only these processes know.");
  }
  return new MovingSessions({
    theirs: new ConnectSessions(from),
    ours: to,
    sids: new Sids(secret),
    lifetimeMs: durationMs("movingStore.lifetime", lifetime),
    surroundings: {
      random: pooledRandom(),
      usualCookie: new Cookie(),
      userIdOf: userId ?? passportUser,
    },
  });
}

function checkStores(from: TheirStore, to: SessionStore): void {
  for (const method of ["get", "set", "destroy"] as const) {
    if (typeof from?.[method] === "function") continue;
    const problem = `must be a store made for express-session: it has no ${method}.`;
    throw new OptionsError("movingStore(from)", problem);
  }
  if (!isStore(to)) {
    throw new OptionsError("movingStore(to)", "must be a store, such as redisStore(client).");
  }
  refuseTokenBound("movingStore(to)", to);
}
