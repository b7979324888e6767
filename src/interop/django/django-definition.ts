import { durationMs } from "../../core/duration.ts";
import type { ForeignSessions } from "../foreign/foreign-sessions.ts";
import { resolveSharing } from "../foreign/sharing-options.ts";
import { checkDjangoOptions } from "./check-options.ts";
import { DjangoAuthHash } from "./django-auth-hash.ts";
import { DjangoConvention } from "./django-convention.ts";
import { DEFAULT_TAGS, DjangoMessages } from "./django-messages.ts";
import type { DjangoSessionsOptions } from "./django-options.ts";
import { enginePartsOf } from "./engine-parts.ts";
import { askedPasswords, KnownPasswords, type Passwords } from "./known-passwords.ts";

/**
 * Django's sessions, to be shared or adopted.
 *
 * @param group - Whose options they are, such as `djangoSessions`.
 * @throws {@link OptionsError} if an option is wrong. Nothing is read here.
 */
export function djangoDefinition(group: string, options: DjangoSessionsOptions): ForeignSessions {
  checkDjangoOptions(group, options);
  const { sessionCookieName = "sessionid", sessionCookieAge = "14d" } = options;
  const cookieAgeMs = durationMs(`${group}.sessionCookieAge`, sessionCookieAge);
  return {
    framework: "Django",
    cookieName: sessionCookieName,
    ...enginePartsOf(options, cookieAgeMs),
    convention: conventionOf(options, cookieAgeMs, passwordsOf(group, options)),
    renewal: options.sessionSaveEveryRequest === true ? "each-visit" : "on-change",
    ...resolveSharing(group, options),
  };
}

function conventionOf(
  options: DjangoSessionsOptions,
  sessionCookieAgeMs: number,
  passwords: Passwords | undefined,
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
    passwords,
  });
}

function passwordsOf(group: string, options: DjangoSessionsOptions): Passwords | undefined {
  const { passwordOf, passwordFreshness } = options;
  if (typeof passwordOf === "string") return undefined;
  const asked = askedPasswords(passwordOf);
  if (passwordFreshness === undefined) return asked;
  const freshMs = durationMs(`${group}.passwordFreshness`, passwordFreshness);
  return new KnownPasswords(asked, freshMs);
}
