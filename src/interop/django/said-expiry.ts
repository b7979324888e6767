import type { Said } from "../foreign/foreign-sessions.ts";
import type { PyDict } from "../python/values.ts";
import { sessionExpiry } from "./session-expiry.ts";

/** The settings that hold for a session that says nothing of its end. */
export interface ExpirySettings {
  readonly sessionCookieAgeMs: number;
  readonly expireAtBrowserClose: boolean;
  /** `signed_cookies` refuses what is older than `SESSION_COOKIE_AGE`, whatever it says itself. */
  readonly longest: "cookieAge" | "asSaid";
}

/** What a session says of its end by `_session_expiry`. */
export type SaidExpiry = Pick<Said, "lifetimeMs" | "persistent" | "endsAt">;

/** Reads what `set_expiry` left there. */
export function saidExpiry(document: PyDict, settings: ExpirySettings): SaidExpiry {
  const { sessionCookieAgeMs, expireAtBrowserClose, longest } = settings;
  const usual = { lifetimeMs: sessionCookieAgeMs, persistent: true };
  const said = sessionExpiry(document);
  switch (said.kind) {
    case "default":
      return { ...usual, persistent: !expireAtBrowserClose };
    case "browserClose":
      return { ...usual, persistent: false };
    case "afterSeconds": {
      const lifetimeMs = Math.min(1_000 * said.seconds, UNLIMITED_MS);
      const isCut = longest === "cookieAge" && lifetimeMs > sessionCookieAgeMs;
      return isCut ? usual : { ...usual, lifetimeMs };
    }
    case "at":
      return longest === "cookieAge" ? { ...usual, endsAt: said.at } : until(said.at);
    case "naive":
      return until(Date.parse(`${said.iso.replace(" ", "T")}Z`));
    case "malformed":
      return usual;
    default:
      return said satisfies never;
  }
}

/** What to store so that the browser keeps the cookie, or does not; `undefined` takes it away. */
export function expiryFor(
  persistent: boolean,
  { sessionCookieAgeMs, expireAtBrowserClose }: ExpirySettings,
): number | undefined {
  if (persistent === !expireAtBrowserClose) return undefined;
  return persistent ? Math.floor(sessionCookieAgeMs / 1_000) : 0;
}

/** The date alone says when it ends. Where it is none Django fails at it, and what cannot live ends. */
function until(date: number): SaidExpiry {
  const endsAt = Number.isNaN(date) ? 0 : date;
  return { lifetimeMs: UNLIMITED_MS, endsAt, persistent: true };
}

const UNLIMITED_MS: number = 100 * 365 * 86_400_000;
