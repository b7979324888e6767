import { isSameText } from "../python/same-text.ts";
import type { DjangoSecrets } from "./django-version.ts";
import { type SaltedKey, saltedHmac, saltedKeys } from "./salted-keys.ts";

/**
 * What a hash in a session says of the user's password: that it is the one that is stored, by the
 * secret key or by one of its fallbacks, or that it is not.
 */
export type AuthHashFinding = "current" | "fallback" | "changed";

const SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash";

/**
 * Makes and checks `_auth_user_hash`, by which Django ends the sessions of a user whose password
 * was changed.
 */
export class DjangoAuthHash {
  readonly #keys: readonly [SaltedKey, ...SaltedKey[]];

  constructor(secrets: DjangoSecrets) {
    this.#keys = saltedKeys(secrets, SALT);
  }

  /** The hash that Django puts into a session, from the text in the user's column `password`. */
  of(password: string): string {
    return saltedHmac(this.#keys[0], password).toString("hex");
  }

  /**
   * Checks the hash of a session. Where a `fallback` made it, Django gives the session a new key and
   * the `current` hash.
   */
  check(hash: string, password: string): AuthHashFinding {
    const made = this.#keys.find((key) =>
      isSameText(hash, saltedHmac(key, password).toString("hex")),
    );
    if (made === undefined) return "changed";
    return made.source === "fallback" ? "fallback" : "current";
  }
}
