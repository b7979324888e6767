import { type Duration, durationMs } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { Expiry } from "../../core/store.ts";
import type { ListedBackend } from "./backend.ts";
import { type BridgedStore, BridgeStore } from "./bridge-store.ts";
import { bridgeExpiry } from "./expiry.ts";
import {
  BRIDGE_OPTIONS,
  type BridgeOptions,
  noticeOf,
  profileOf,
  requireMethods,
} from "./options.ts";

/** An unstorage `Storage`, as far as a bridge uses one. */
export interface UnstorageStorage {
  getItem(key: string): Promise<unknown>;
  setItem(key: string, value: object, options: { readonly ttl: number }): Promise<void>;
  removeItem(key: string): Promise<void>;
  getKeys(base: string): Promise<string[]>;
}

/** How an unstorage storage is used. */
export interface UnstorageStoreOptions extends BridgeOptions {
  /**
   * What the keys begin with: letters, digits, `_` and `-`, with `:` in between and at the end.
   *
   * @defaultValue "sojourn:"
   */
  readonly prefix?: string | undefined;
  /**
   * How often what has expired is deleted: for drivers that know no time to live (memory, files).
   * It reads every session each time.
   *
   * @defaultValue never; the driver's time to live does it
   */
  readonly sweepInterval?: Duration | undefined;
}

/** What {@link unstorageStore} returns: with `expiry` where a `sweepInterval` is given. */
export interface BridgedStorage extends BridgedStore {
  readonly expiry?: Expiry;
}

/**
 * Keeps sessions in any unstorage storage.
 *
 * The storage keeps being yours: the bridge disposes of nothing. It cannot keep every law across
 * processes; its `profile.caveats` say which, and so does a warning at its first call.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createSessions } from "sojourn";
 * import { unstorageStore } from "sojourn/bridges";
 * import { createStorage } from "unstorage";
 * import fsDriver from "unstorage/drivers/fs";
 *
 * const storage = createStorage({ driver: fsDriver({ base: "./sessions" }) });
 * const sessions = createSessions({ store: unstorageStore(storage, { sweepInterval: "1h" }) });
 */
export function unstorageStore(
  storage: UnstorageStorage,
  options: UnstorageStoreOptions = {},
): BridgedStorage {
  const methods = ["getItem", "setItem", "removeItem", "getKeys"];
  requireMethods("unstorageStore(storage)", storage, methods, ADVICE);
  requireKnownKeys("unstorageStore", options, [...BRIDGE_OPTIONS, "prefix", "sweepInterval"]);
  const { prefix = "sojourn:", sweepInterval } = options;
  checkPrefix(prefix);
  const backend = backendOf(storage, prefix);
  const profile = profileOf("unstorageStore", options.profile, CAVEATS);
  const notice = noticeOf("unstorageStore", options);
  const store = new BridgeStore({ backend, profile, prefix, notice });
  if (sweepInterval === undefined) return store;
  const intervalMs = durationMs("unstorageStore.sweepInterval", sweepInterval);
  return Object.assign(store, { expiry: bridgeExpiry(store, backend, intervalMs) });
}

const ADVICE = "takes what unstorage's createStorage() returns.";

const CAVEATS: readonly string[] = [
  "Drivers that replace a value in several steps, such as fs, show another process half of it at " +
    "times; such a load is refused with an error.",
  "Where the driver knows no time to live, what has expired stays until sweepInterval deletes it.",
];

/** unstorage rewrites other keys: it cuts at a question mark and folds slashes. */
const PREFIX_FORM = /^(?:[\w-]+:)+$/;

function checkPrefix(prefix: string): void {
  if (typeof prefix === "string" && PREFIX_FORM.test(prefix)) return;
  throw new OptionsError(
    "unstorageStore.prefix",
    'must be letters, digits, "_" and "-", with ":" in between and at the end, as in "sojourn:".',
  );
}

function backendOf(storage: UnstorageStorage, prefix: string): ListedBackend {
  return {
    name: "an unstorage storage",
    object: storage,
    get: async (key) => (await storage.getItem(key)) ?? undefined,
    set: (key, value, ttlMs) => storage.setItem(key, value, { ttl: Math.ceil(ttlMs / 1_000) }),
    remove: (key) => storage.removeItem(key),
    keys: () => storage.getKeys(prefix),
  };
}
