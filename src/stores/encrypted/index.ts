import { pooledRandom } from "../../core/environment.ts";
import { OptionsError } from "../../core/errors.ts";
import { refuseTokenBound } from "../../core/keychain.ts";
import { flag, isStore, oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { SessionStore } from "../../core/store.ts";
import { BoundSealer } from "../../sealing/bound-sealer.ts";
import { type KeyList, KeyRing, type Keys } from "../../sealing/key-ring.ts";
import { Sealer } from "../../sealing/sealer.ts";
import { encryptedStore } from "./encrypted-store.ts";
import { SealedRecords } from "./records.ts";
import { RetiredKeys } from "./retired-keys.ts";
import { SealedTexts } from "./sealed-texts.ts";

export type { Key, KeyList, Keys } from "../../sealing/key-ring.ts";

/** How a store that encrypts takes what is there already. */
export interface EncryptedOptions {
  /**
   * Whether records that another version of the application has stored in plain are read too, until
   * their next write encrypts them. Meanwhile whoever can write to the store can plant plain ones,
   * so leave it out again once the old sessions have ended.
   *
   * @defaultValue false
   */
  readonly acceptPlain?: boolean | undefined;
  /**
   * Keys that must not be believed any more, as others may know them: each itself, or its id as the
   * error about an unknown key names it. Who has a session under one of them begins anew (`rejected`
   * with `unknownKey`); it can still be listed and revoked until it expires.
   *
   * @defaultValue none: a session under a key that is not in `keys` is an error
   */
  readonly retired?: KeyList | undefined;
  /**
   * `"token"` seals each session under its visitor's token as well, which lies in their cookie and
   * nowhere else: the store, the keys and the logs together open nothing (OWASP ASVS 5.0, 14.2.4).
   *
   * Who works without the visitor's request sees facts and no data: `list`, `find`, `revoke`,
   * `revokeAll` and `onEnded` work, `export` says `boundToToken`. What was sealed before is read, and
   * bound at its next write; as long as bound sessions live, leave it in. Wrap with it last, outside of
   * `layered` and `movingStore`.
   *
   * @defaultValue none: the keys alone open
   */
  readonly bindTo?: "token" | undefined;
}

/** The wrapped store: it offers whatever the store inside offers. */
export type EncryptedStore<Store extends SessionStore> = Pick<
  Store,
  Extract<keyof Store, keyof SessionStore>
>;

/**
 * Encrypts what sessions hold before any store sees it: the data, the messages, the device, and what
 * the library notes of them.
 *
 * Everything else of a record but its last activity is bound in: a row that was altered, or moved
 * to another session or user, is an error and not a session. User ids, times and ids stay readable,
 * as the store searches by them.
 *
 * @param store - Any store. Do not use it without the wrapping as well.
 * @param keys - The first key encrypts, all of them decrypt. Make one with `npx sojourn secret`.
 * @throws {@link OptionsError} if a key is weak, or an option wrong. Nothing is read here.
 * @example
 * const keys = [process.env["SESSION_KEY"] ?? ""];
 * const sessions = createSessions({ store: encrypted(sqliteStore("sessions.db"), keys) });
 */
export function encrypted<Store extends SessionStore>(
  store: Store,
  keys: Keys,
  options: EncryptedOptions = {},
): EncryptedStore<Store> {
  requireKnownKeys("encrypted", options, ["acceptPlain", "retired", "bindTo"]);
  if (!isStore(store)) {
    throw new OptionsError(
      "encrypted(store)",
      'takes a store, such as sqliteStore("sessions.db").',
    );
  }
  refuseTokenBound("encrypted(store)", store);
  const ring = new KeyRing("encrypted(keys)", keys);
  const random = pooledRandom();
  const retired = new RetiredKeys("encrypted.retired", options.retired ?? [], ring, keys);
  const records = new SealedRecords({
    texts: new SealedTexts(new Sealer(ring, random), new BoundSealer(ring, random), retired),
    acceptPlain: flag("encrypted.acceptPlain", options.acceptPlain) ?? false,
    areBound: oneOf("encrypted.bindTo", options.bindTo, ["token"]) === "token",
  });
  // The wrapping has just those members that the store has.
  return encryptedStore(store, records) as EncryptedStore<Store>;
}
