import type { ForeignSessions } from "../foreign/foreign-sessions.ts";
import { memcachedRows } from "../places/memcached-rows.ts";
import type { ForeignPlace } from "../places/place.ts";
import { redisRows } from "../places/redis-rows.ts";
import { DAY_MS } from "./cookie-life.ts";
import { notificationsIn, storedNotifications } from "./notifications.ts";
import { OWN_MESSAGES } from "./own-messages.ts";
import { NOTIFICATIONS, pycketFormat, pycketFormatWithNotifications } from "./pycket-formats.ts";
import { type PycketOptions, resolvePycket } from "./pycket-options.ts";
import { type Messages, sessionConvention } from "./session-convention.ts";
import { sessionIdCookie } from "./session-id-cookie.ts";
import { withNotifications } from "./two-records.ts";

/**
 * The sessions of pycket, and its notifications.
 *
 * @param group - Whose options they are, such as `pycketSessions`.
 */
export function pycketDefinition(group: string, options: PycketOptions): ForeignSessions {
  const settings = resolvePycket(group, options);
  const { cookieName, cookieLifetimeMs, user, pickleProtocol } = settings;
  const { place, notes } = placesOf(options);
  return {
    framework: "pycket",
    cookieName,
    cookieLifetimeMs,
    format: (notes ? pycketFormatWithNotifications : pycketFormat)(pickleProtocol),
    convention: sessionConvention({
      user,
      messages: notes ? PYCKET_MESSAGES : OWN_MESSAGES,
      lifetimeMs: DAY_MS,
      persistent: cookieLifetimeMs !== undefined,
    }),
    renewal: "on-change",
    factsKey: settings.factsKey,
    absoluteTimeoutMs: settings.absoluteTimeoutMs,
    kept: {
      keys: sessionIdCookie(cookieName, settings),
      rows: notes ? withNotifications(place, notes) : place,
    },
    get profile() {
      const { profile } = place;
      return { ...profile, caveats: [...profile.caveats, ...CAVEATS] };
    },
  };
}

interface Places {
  readonly place: ForeignPlace;
  readonly notes: ForeignPlace | undefined;
}

function placesOf({ redis, memcached, notifications }: PycketOptions): Places {
  if (redis === undefined) {
    return { place: memcachedRows(memcached, { ...BARE, flags: 0 }), notes: undefined };
  }
  return { place: redisRows(redis, BARE), notes: notifications && redisRows(notifications, BARE) };
}

/** Pycket puts nothing before its ids. */
const BARE = { keyFor: (key: string): string => key };

const PYCKET_MESSAGES: Messages = {
  key: NOTIFICATIONS,
  read: notificationsIn,
  write: storedNotifications,
};

const CAVEATS: readonly string[] = [
  "Pycket reads and writes the whole session for each key that it sets: what was written here in between is lost, and a session that was signed out here in between is there again, its user signed in.",
  "Pycket sets a session before it sets how long it lives: one whose writer dies in between stays for ever.",
  "How long browsers keep the cookie is one setting for all sessions: what a single one wishes (persistent) is not kept.",
];
