import { StoreError } from "../../core/errors.ts";
import type { StoreCall } from "../../core/store.ts";
import type { Convention, KeyChanges, Said, ToSay } from "../foreign/foreign-sessions.ts";
import type { PyDict, PyValue } from "../python/values.ts";
import { rotatedSecret } from "./csrf-secret.ts";
import type { DjangoAuthHash } from "./django-auth-hash.ts";
import type { DjangoMessages } from "./django-messages.ts";
import { KnownPasswords, type Passwords } from "./known-passwords.ts";
import { type ExpirySettings, expiryFor, saidExpiry } from "./said-expiry.ts";

/** What a convention is made of. */
export interface ConventionParts {
  readonly expiry: ExpirySettings;
  readonly messages: DjangoMessages;
  readonly authBackend: string;
  readonly authHash: DjangoAuthHash;
  /** `undefined` where nobody tells: what Django has signed in stays so, and here nobody signs in. */
  readonly passwords: Passwords | undefined;
}

/** So long one answer counts in one request, which may stay open for long. */
const REQUEST_MS = 5_000;

const KEYS: ReadonlySet<string> = new Set([
  "_auth_user_id",
  "_auth_user_backend",
  "_auth_user_hash",
  "_session_expiry",
  "_messages",
  "_csrftoken",
]);

/** What Django means by the keys that begin with an underscore. */
export class DjangoConvention implements Convention {
  readonly keys: ReadonlySet<string> = KEYS;
  readonly #parts: ConventionParts;

  constructor(parts: ConventionParts) {
    this.#parts = parts;
  }

  forRequest(): DjangoConvention {
    const shared = this.#parts.passwords;
    const passwords = shared && new KnownPasswords(shared, REQUEST_MS);
    return new DjangoConvention({ ...this.#parts, passwords });
  }

  read(document: PyDict): Said {
    const { expiry, messages } = this.#parts;
    return {
      userId: userIn(document),
      flash: messages.read(document.get("_messages")),
      ...saidExpiry(document, expiry),
    };
  }

  async write(toSay: ToSay, before: PyDict, call: StoreCall): Promise<KeyChanges> {
    const { expiry, messages } = this.#parts;
    const { persistent, flash, isSignIn } = toSay;
    const changes = new Map<string, PyValue | undefined>(await this.#user(toSay, before, call));
    const stored = before.get("_messages");
    const written = messages.write(flash, stored);
    if (written !== stored) changes.set("_messages", written);
    if (persistent !== undefined && persistent !== this.read(before).persistent) {
      changes.set("_session_expiry", expiryFor(persistent, expiry));
    }
    if (isSignIn) changes.set("_csrftoken", rotatedSecret(before.get("_csrftoken")));
    return changes;
  }

  /** As Django's `get_user`: a new password ends the sessions of the old one. */
  async isValid(document: PyDict, userId: string, { now }: StoreCall): Promise<boolean> {
    const { passwords, authHash } = this.#parts;
    if (passwords === undefined) return true;
    const password = await passwords.of(userId, now);
    const hash = document.get("_auth_user_hash");
    if (password === undefined || typeof hash !== "string") return false;
    return authHash.check(hash, password) !== "changed";
  }

  async #user({ userId, isSignIn }: ToSay, before: PyDict, call: StoreCall): Promise<KeyChanges> {
    if (userId === undefined) return NOBODY;
    if (userId === userIn(before) && !isSignIn) return this.#renewedHash(userId, before, call);
    const { passwords, authHash, authBackend } = this.#parts;
    const password = await passwords?.newest(userId, call.now);
    if (password === undefined) throw new StoreError("update", "failed", unknown(passwords));
    return new Map([
      ["_auth_user_id", userId],
      ["_auth_user_backend", authBackend],
      ["_auth_user_hash", authHash.of(password)],
    ]);
  }

  /** Django makes one anew that an earlier key has made: so do we when we write. */
  async #renewedHash(userId: string, before: PyDict, { now }: StoreCall): Promise<KeyChanges> {
    const { passwords, authHash } = this.#parts;
    const password = await passwords?.of(userId, now);
    const hash = before.get("_auth_user_hash");
    const isOld =
      password !== undefined &&
      typeof hash === "string" &&
      authHash.check(hash, password) === "fallback";
    return isOld ? new Map([["_auth_user_hash", authHash.of(password)]]) : NOTHING;
  }
}

const NOTHING: KeyChanges = new Map();
const NOBODY: KeyChanges = new Map([
  ["_auth_user_id", undefined],
  ["_auth_user_backend", undefined],
  ["_auth_user_hash", undefined],
]);

function unknown(passwords: Passwords | undefined): string {
  return passwords === undefined
    ? "nobody can be signed in to a session of Django's without passwordOf"
    : "passwordOf knows of no such user in Django, or of none who may sign in";
}

function userIn(document: PyDict): string | undefined {
  const id = document.get("_auth_user_id");
  if (typeof id === "string") return id === "" ? undefined : id;
  return typeof id === "number" || typeof id === "bigint" ? String(id) : undefined;
}
