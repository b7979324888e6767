import { type Duration, durationMs } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { SessionStore } from "../../core/store.ts";
import { bindTo } from "../../sealing/binding.ts";
import { KeyRing } from "../../sealing/key-ring.ts";
import { Sealer } from "../../sealing/sealer.ts";
import { CookieCarrier } from "../cookie-carrier.ts";
import type { CookieStore, Mounted, MountParts } from "../mount.ts";
import { CookieCacheCarrier } from "./passage.ts";

/** How long a snapshot counts. */
export interface CookieCacheOptions {
  /**
   * How old what a request sees may be, such as `"30s"`. A session that has ended may be read this
   * much longer; written to it cannot be.
   */
  readonly maxStaleness: Duration;
}

/** A snapshot is no session: what has ended must not be read for long. */
const MAX_STALENESS_MS = 300_000;

/**
 * Keeps sessions in a store, and a short-lived encrypted copy of each in a second cookie, so that
 * most requests that only read ask no store. `sessions.open(request, { fresh: true })` asks it.
 *
 * A session that is too large for a cookie gets no copy.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is read here.
 * @example
 * import { createSessions } from "sojourn";
 * import { cookieCache } from "sojourn/cookie";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions({
 *   store: cookieCache(sqliteStore("sessions.db"), { maxStaleness: "30s" }),
 *   keys: [process.env["SESSION_KEY"] ?? ""],
 * });
 */
export function cookieCache(store: SessionStore, options: CookieCacheOptions): CookieStore {
  requireKnownKeys("cookieCache", options, ["maxStaleness"]);
  if (typeof store?.load !== "function" || typeof store.update !== "function") {
    throw new OptionsError(
      "cookieCache(store)",
      'takes a store, such as sqliteStore("sessions.db").',
    );
  }
  const maxStalenessMs = durationMs("cookieCache.maxStaleness", options.maxStaleness);
  if (maxStalenessMs > MAX_STALENESS_MS) {
    throw new OptionsError("cookieCache.maxStaleness", 'must not exceed "5m".');
  }
  return { mount: (parts) => mountCache(store, maxStalenessMs, parts) };
}

function mountCache(
  store: SessionStore,
  maxStalenessMs: number,
  { carrier, keys, audience, settings, environment }: MountParts,
): Mounted {
  const token = new CookieCarrier(carrier, { ...environment, name: settings.name });
  const snapshot = token.rules.forms("-cache");
  const audiences = audience === undefined ? [] : [audience];
  return {
    store,
    carrier: new CookieCacheCarrier({
      token,
      snapshot,
      sealer: new Sealer(new KeyRing("keys", keys), environment.random),
      binding: bindTo("sojourn/cookie-cache", snapshot.full.name, ...audiences),
      maxStalenessMs,
      now: environment.now,
    }),
  };
}
