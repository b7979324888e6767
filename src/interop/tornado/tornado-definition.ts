import type { ForeignSessions, Format } from "../foreign/foreign-sessions.ts";
import { unquotedCookieValue } from "../python/cookie-quoting.ts";
import { DAY_MS } from "./cookie-life.ts";
import { type CookieValue, JSON_VALUE, userValue } from "./cookie-value.ts";
import { OWN_MESSAGES } from "./own-messages.ts";
import { sessionConvention } from "./session-convention.ts";
import { SIGNED_REJECTIONS } from "./signed-rejections.ts";
import { resolveTornado, type TornadoOptions, type TornadoSettings } from "./tornado-options.ts";

/**
 * Sessions that are whole in a signed cookie of Tornado's.
 *
 * @param group - Whose options they are, such as `tornadoSessions`.
 */
export function tornadoDefinition(group: string, options: TornadoOptions): ForeignSessions {
  const settings = resolveTornado(group, options);
  const { cookieName, cookieLifetimeMs, holds, user, maxAgeDays } = settings;
  const value = holds === "user" ? userValue(user) : JSON_VALUE;
  return {
    framework: "Tornado",
    cookieName,
    cookieLifetimeMs,
    format: signedFormat(value, settings),
    convention: sessionConvention({
      user,
      messages: OWN_MESSAGES,
      lifetimeMs: maxAgeDays * DAY_MS,
      persistent: cookieLifetimeMs !== undefined,
    }),
    renewal: "on-change",
    factsKey: settings.factsKey,
    absoluteTimeoutMs: settings.absoluteTimeoutMs,
    kept: undefined,
    profile: {
      scope: "network",
      durability: "power-loss",
      readYourWrites: "always",
      eviction: "never",
      caveats: [...CAVEATS, ...(holds === "user" ? [USER_ALONE] : [])],
    },
  };
}

function signedFormat(value: CookieValue, settings: TornadoSettings): Format {
  const { signer, cookieName, minVersion, maxAgeDays } = settings;
  return {
    read: (bytes, now) => {
      const text = unquotedCookieValue(Buffer.from(bytes).toString("latin1"));
      const reading = signer.read(cookieName, text, { now, minVersion, maxAgeDays });
      if (!reading.ok) return { rejection: SIGNED_REJECTIONS[reading.reason], why: NOT_SIGNED };
      const dict = value.read(reading.value);
      if (dict !== undefined) return { dict, writtenAt: reading.issuedAt };
      return { rejection: "corrupt", why: OF_ANOTHER_FORM };
    },
    // Not in quotes, as RFC 6265 needs none for it and no browser minds.
    write: (document, now) =>
      Buffer.from(signer.write(cookieName, value.write(document), now), "latin1"),
  };
}

const NOT_SIGNED = "its signature is not one that is believed.";
const OF_ANOTHER_FORM = "it is signed with the application's key, and of another form (holds).";

const CAVEATS: readonly string[] = [
  "A session lies in the browser alone: of two requests at once, here or in Tornado, the answer that comes last prevails whole.",
  "A copied cookie works until max_age_days are over, signed out or not, and nobody can end it from elsewhere.",
  "Whoever holds the cookie can read what is in it: Tornado signs, and does not encrypt.",
  "How long browsers keep the cookie is one setting for all sessions: what a single one wishes (persistent) is not kept.",
];

const USER_ALONE =
  "The cookie holds the user and nothing else: data, messages and what would be noted of the session are refused.";
