import { flashesIn, storedFlashes } from "../flask/flashes.ts";
import type { Convention, ForeignSessions } from "../foreign/foreign-sessions.ts";
import { signedCookieFormat } from "../foreign/signed-cookie-format.ts";
import type { PyValue } from "../python/values.ts";
import { StarletteCookies } from "./starlette-cookies.ts";
import {
  resolveStarlette,
  type StarletteOptions,
  type StarletteSettings,
} from "./starlette-options.ts";

/**
 * The sessions of Starlette's and FastAPI's `SessionMiddleware`: each whole in its cookie.
 *
 * @param group - Whose options they are, such as `starletteSessions`.
 */
export function starletteDefinition(group: string, options: StarletteOptions): ForeignSessions {
  const settings = resolveStarlette(group, options);
  const { cookieName, renewal, factsKey, absoluteTimeoutMs } = settings;
  return {
    framework: "Starlette",
    cookieName,
    format: formatOf(settings),
    convention: conventionOf(settings),
    renewal,
    factsKey,
    absoluteTimeoutMs,
    kept: undefined,
    profile: {
      scope: "network",
      durability: "power-loss",
      readYourWrites: "always",
      eviction: "never",
      caveats: [
        "A session lies in the browser alone: of two requests at once, here or in Starlette, the answer that comes last prevails whole.",
        "A copied cookie works until its time is over, signed out or not, and nobody can end it from elsewhere.",
        "Whoever holds the cookie can read what is in it: it is signed, and not encrypted.",
        "Whether the browser keeps the cookie is a setting of Starlette's, and no session's own.",
      ],
    },
  };
}

function formatOf({ secretKey, maxAgeMs }: StarletteSettings): ForeignSessions["format"] {
  const cookies = new StarletteCookies(secretKey);
  return signedCookieFormat("Starlette", {
    open: (cookie, now) => {
      const bounds = maxAgeMs === undefined ? { now } : { now, maxAge: maxAgeMs / 1_000 };
      const reading = cookies.read(cookie, bounds);
      if (!reading.ok) return reading;
      return { ok: true, document: { dict: reading.session, writtenAt: reading.issuedAt } };
    },
    write: (session, now) => cookies.write(session, now),
  });
}

/** Starlette has no messages: they are kept as Flask keeps them. */
const FLASHES = "_flashes";

/** Of what never expires. */
const CENTURY_MS = 36_525 * 86_400_000;

function conventionOf({ user, maxAgeMs }: StarletteSettings): Convention {
  return {
    keys: new Set([user.key, FLASHES]),
    read: (document) => ({
      userId: user.read(document),
      persistent: maxAgeMs !== undefined,
      flash: flashesIn(document.get(FLASHES)),
      lifetimeMs: maxAgeMs ?? CENTURY_MS,
    }),
    write: ({ userId, flash }, before) =>
      new Map<string, PyValue | undefined>([
        [user.key, user.stored(userId, before)],
        [FLASHES, storedFlashes(flash, before.get(FLASHES))],
      ]),
  };
}
