import { OptionsError } from "../../core/errors.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { Backend } from "./backend.ts";
import { type BridgedStore, BridgeStore } from "./bridge-store.ts";
import {
  BRIDGE_OPTIONS,
  type BridgeOptions,
  noticeOf,
  profileOf,
  requireMethods,
} from "./options.ts";

/** A `Keyv`, as far as a bridge uses one. */
export interface KeyvInstance {
  get(key: string): Promise<unknown>;
  set(key: string, value: object, ttl: number): Promise<unknown>;
  on(event: "error", listener: (error: unknown) => void): unknown;
}

/** How a Keyv is used. */
export interface KeyvStoreOptions extends BridgeOptions {
  /**
   * What the keys begin with, beside the Keyv's own namespace.
   *
   * @defaultValue "sojourn:"
   */
  readonly prefix?: string | undefined;
}

/**
 * Keeps sessions in any Keyv.
 *
 * Give it a Keyv of its own: the bridge listens to the Keyv's `error` event, and where somebody
 * listens Keyv answers a failed `get` with `undefined`. The bridge tells that from an absent
 * session. It disconnects nothing. It cannot keep every law across processes; its
 * `profile.caveats` say which, and so does a warning at its first call.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { Keyv } from "keyv";
 * import { createSessions } from "sojourn";
 * import { keyvStore } from "sojourn/bridges";
 *
 * const sessions = createSessions({ store: keyvStore(new Keyv()) });
 */
export function keyvStore(keyv: KeyvInstance, options: KeyvStoreOptions = {}): BridgedStore {
  requireMethods("keyvStore(keyv)", keyv, ["get", "set", "on"], ADVICE);
  requireKnownKeys("keyvStore", options, [...BRIDGE_OPTIONS, "prefix"]);
  const { prefix = "sojourn:" } = options;
  if (typeof prefix !== "string") {
    throw new OptionsError("keyvStore.prefix", 'must be a text, such as "sojourn:".');
  }
  return new BridgeStore({
    backend: backendOf(keyv),
    profile: profileOf("keyvStore", options.profile, CAVEATS),
    prefix,
    notice: noticeOf("keyvStore", options),
  });
}

const ADVICE = "takes a Keyv, such as new Keyv(); a storage adapter alone has no error event.";

const CAVEATS: readonly string[] = [
  'An adapter that answers a failed read with nothing, and emits no "error", makes an outage look ' +
    "like a sign-out.",
];

/**
 * Keyv reports a failure as an event, and answers as if nothing were there (law: an outage is not
 * a sign-out). Any error during a call spoils its answer: which call it belongs to is not said.
 */
function backendOf(keyv: KeyvInstance): Backend {
  const failures = failuresOf(keyv);
  return {
    name: "a Keyv",
    object: keyv,
    async get(key) {
      const before = failures().count;
      const value = await keyv.get(key);
      // What was found was found, whatever else failed.
      if (value !== undefined && value !== null) return value;
      if (failures().count !== before) throw failures().latest;
      return undefined;
    },
    async set(key, value, ttlMs) {
      const before = failures().count;
      const isSet = await keyv.set(key, value, ttlMs);
      if (failures().count !== before) throw failures().latest;
      if (isSet === false) throw new Error("Keyv did not set the value.");
    },
  };
}

interface Failures {
  count: number;
  latest: unknown;
}

const heard = new WeakMap<KeyvInstance, Failures>();

/** The failures that a Keyv has reported since its first use by a bridge. One listener for all. */
function failuresOf(keyv: KeyvInstance): () => Failures {
  return () => {
    const known = heard.get(keyv);
    if (known !== undefined) return known;
    const failures: Failures = { count: 0, latest: undefined };
    heard.set(keyv, failures);
    keyv.on("error", (error) => {
      failures.count += 1;
      failures.latest = error;
    });
    return failures;
  };
}
