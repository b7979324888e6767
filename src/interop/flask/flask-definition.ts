import type { ForeignSessions } from "../foreign/foreign-sessions.ts";
import { flaskConvention } from "./flask-convention.ts";
import { FlaskCookies } from "./flask-cookies.ts";
import { flaskFormat } from "./flask-format.ts";
import { type FlaskOptions, resolveFlask } from "./flask-options.ts";

/**
 * Flask's own sessions: each whole in its cookie.
 *
 * @param group - Whose options they are, such as `flaskSessions`.
 */
export function flaskDefinition(group: string, options: FlaskOptions): ForeignSessions {
  const settings = resolveFlask(group, options);
  const { secretKey, fallbacks, signsWith, salt, sortsKeys, lifetimeMs, refreshes } = settings;
  const keyOrder = sortsKeys ? "sorted" : "asInserted";
  const cookies = new FlaskCookies({ secretKey, fallbacks, signsWith, salt, keyOrder });
  const { cookieName, user, factsKey, absoluteTimeoutMs } = settings;
  return {
    framework: "Flask",
    cookieName,
    format: flaskFormat(cookies, lifetimeMs),
    convention: flaskConvention({
      user,
      lifetimeMs,
      usually: "untilClosed",
      renewal: (permanence) =>
        refreshes && permanence === "permanent" ? "each-visit" : "on-change",
    }),
    renewal: "on-change",
    factsKey,
    absoluteTimeoutMs,
    kept: undefined,
    profile: {
      scope: "network",
      durability: "power-loss",
      readYourWrites: "always",
      eviction: "never",
      caveats: [
        "A session lies in the browser alone: of two requests at once, here or in Flask, the answer that comes last prevails whole.",
        "A copied cookie works until its lifetime is over, signed out or not, and nobody can end it from elsewhere.",
        "Whoever holds the cookie can read what is in it: Flask signs, and does not encrypt.",
        "A value of a type that Flask does not read back as it was (a date, a Decimal) is refused.",
      ],
    },
  };
}
