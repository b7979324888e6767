import type { DatabaseSync } from "node:sqlite";
import { createSessions, type Sessions } from "sojourn";
import { sqliteStore } from "sojourn/sqlite";
import type { CartLine } from "./cart.ts";
import type { Language } from "./words/words.ts";

/** What the shop remembers of a visit. */
export interface Shop {
  cart: CartLine[];
  theme: Theme;
  language: Language;
  recentlyViewed: string[];
  visits: number;
  /** What became of the last twenty clicks at once, see `routes/session.ts`. */
  isRaced: boolean;
  clicks: number;
  naiveClicks: number;
}

export type Theme = "light" | "dark";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The two clocks of a session. Numbers rather than `"30m"`, as the session panel counts with them. */
export const TIMEOUTS = {
  visit: { idleTimeout: 30 * MINUTE_MS, absoluteTimeout: 12 * HOUR_MS },
  remembered: { idleTimeout: 14 * DAY_MS, absoluteTimeout: 90 * DAY_MS },
};

export function shopSessions(database: DatabaseSync): Sessions<Shop> {
  return createSessions<Shop>({
    store: sqliteStore(database),
    defaults: {
      cart: [],
      theme: "light",
      language: "en",
      recentlyViewed: [],
      visits: 0,
      isRaced: false,
      clicks: 0,
      naiveClicks: 0,
    },
    ...TIMEOUTS.visit,
    persistent: TIMEOUTS.remembered,
    // A visitor hears "back in a moment" soon rather than waiting for it.
    storeTimeout: "2s",
    // Pages of a signed-in visitor do not stay in a shared computer's cache.
    cacheControl: "no-store",
  });
}
