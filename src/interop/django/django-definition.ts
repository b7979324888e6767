import { type Duration, durationMs } from "../../core/duration.ts";
import type { ForeignSessions } from "../foreign/foreign-sessions.ts";
import { checkDjangoOptions } from "./check-options.ts";
import { DjangoAuthHash } from "./django-auth-hash.ts";
import { DjangoConvention } from "./django-convention.ts";
import { DEFAULT_TAGS, DjangoMessages } from "./django-messages.ts";
import type { DjangoSessionsOptions } from "./django-options.ts";
import { enginePartsOf } from "./engine-parts.ts";
import { askedPasswords, KnownPasswords, type Passwords } from "./known-passwords.ts";

/**
 * Says what Django's sessions are, to be shared or adopted.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is read here.
 */
export function djangoDefinition(options: DjangoSessionsOptions): ForeignSessions {
  checkDjangoOptions(options);
  const { sessionCookieName = "sessionid", factsKey = "_sojourn" } = options;
  const sessionCookieAgeMs = msOf("sessionCookieAge", options.sessionCookieAge ?? "14d");
  const { absoluteTimeout } = options;
  return {
    framework: "Django",
    cookieName: sessionCookieName,
    ...enginePartsOf(options, sessionCookieAgeMs),
    convention: conventionOf(options, sessionCookieAgeMs),
    renewal: options.sessionSaveEveryRequest === true ? "each-visit" : "on-change",
    factsKey: factsKey === false ? undefined : factsKey,
    absoluteTimeoutMs:
      absoluteTimeout === undefined ? undefined : msOf("absoluteTimeout", absoluteTimeout),
  };
}

function conventionOf(
  options: DjangoSessionsOptions,
  sessionCookieAgeMs: number,
): DjangoConvention {
  const { secretKey, secretKeyFallbacks: fallbacks = [], version = "4.0" } = options;
  const { authBackend = "django.contrib.auth.backends.ModelBackend", messageTags = {} } = options;
  const tags = Object.entries(messageTags).map(([level, tag]) => [Number(level), tag] as const);
  return new DjangoConvention({
    expiry: {
      sessionCookieAgeMs,
      expireAtBrowserClose: options.sessionExpireAtBrowserClose === true,
      longest: options.engine === "signed_cookies" ? "cookieAge" : "asSaid",
    },
    messages: new DjangoMessages(new Map([...DEFAULT_TAGS, ...tags])),
    authBackend,
    authHash: new DjangoAuthHash({ secretKey, fallbacks, version }),
    passwords: passwordsOf(options),
  });
}

function passwordsOf({
  passwordOf,
  passwordFreshness,
}: DjangoSessionsOptions): Passwords | undefined {
  if (typeof passwordOf === "string") return undefined;
  const asked = askedPasswords(passwordOf);
  if (passwordFreshness === undefined) return asked;
  return new KnownPasswords(asked, msOf("passwordFreshness", passwordFreshness));
}

function msOf(option: string, duration: Duration): number {
  return durationMs(`djangoSessions.${option}`, duration);
}
