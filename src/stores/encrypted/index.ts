import { pooledRandom } from "../../core/environment.ts";
import { OptionsError } from "../../core/errors.ts";
import { flag, requireKnownKeys } from "../../core/option-checks.ts";
import type { SessionStore } from "../../core/store.ts";
import { KeyRing, type Keys } from "../../sealing/key-ring.ts";
import { Sealer } from "../../sealing/sealer.ts";
import { encryptedStore } from "./encrypted-store.ts";
import { SealedRecords } from "./records.ts";

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
  readonly acceptPlain?: boolean;
}

/** The wrapped store: it offers whatever the store inside offers. */
export type EncryptedStore<Store extends SessionStore> = Pick<
  Store,
  Extract<keyof Store, keyof SessionStore>
>;

/**
 * Encrypts what sessions hold before any store sees it: the data, the messages and the device.
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
  requireKnownKeys("encrypted", options, ["acceptPlain"]);
  if (typeof store?.load !== "function" || typeof store.update !== "function") {
    throw new OptionsError(
      "encrypted(store)",
      'takes a store, such as sqliteStore("sessions.db").',
    );
  }
  const sealer = new Sealer(new KeyRing("encrypted(keys)", keys), pooledRandom());
  const acceptPlain = flag("encrypted.acceptPlain", options.acceptPlain) ?? false;
  const records = new SealedRecords(sealer, acceptPlain);
  // The wrapping has just those members that the store has.
  return encryptedStore(store, records) as EncryptedStore<Store>;
}
