import type { EpochMs, TimeBounds } from "../python/time-bounds.ts";
import type { PyDict } from "../python/values.ts";
import { DjangoSigner } from "./django-signer.ts";
import type { DjangoSecrets } from "./django-version.ts";
import {
  type DjangoReading,
  type DjangoWriting,
  readSigned,
  writeSigned,
} from "./signed-session.ts";

/** Reads and writes the cookies of Django's `signed_cookies` sessions. */
export class DjangoSignedCookies {
  readonly #signer: DjangoSigner;

  constructor(secrets: DjangoSecrets) {
    this.#signer = new DjangoSigner(secrets, "django.contrib.sessions.backends.signed_cookies");
  }

  /**
   * Reads a cookie. Django gives `SESSION_COOKIE_AGE` as the age of every one, whatever the session
   * itself says of its expiry (its ticket 19201).
   */
  read(cookie: string, bounds: TimeBounds): DjangoReading {
    return readSigned(this.#signer, cookie, bounds);
  }

  /** Writes a session as Django does. */
  write(session: PyDict, now: EpochMs): DjangoWriting {
    return writeSigned(this.#signer, session, now);
  }
}
