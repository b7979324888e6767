import { type Duration, durationMs } from "../../core/duration.ts";
import type { Clock } from "../../core/environment.ts";
import { OptionsError } from "../../core/errors.ts";
import { isStore, requireKnownKeys } from "../../core/option-checks.ts";
import type { SessionStore } from "../../core/store.ts";
import { warnOnce } from "../../core/warn.ts";
import type { KeyList } from "../key-ring.ts";
import type { Rhythm } from "./entries.ts";
import { RingRecord } from "./ring-record.ts";
import { type KeyFacts, TurningRing } from "./turning-ring.ts";
import { type KeyWrapper, wrappingOf } from "./wrapping.ts";

export type { KeyFacts } from "./turning-ring.ts";
export type { KeyWrapper } from "./wrapping.ts";

/** Where a ring of keys lies, and how it turns. */
export interface KeyRingOptions {
  /**
   * Where the keys lie, wrapped: the sessions' own store, or another. All processes use the same. It must
   * keep what it is given: sqliteStore, postgresStore, mysqlStore, fileStore, or redisStore with
   * `noeviction`.
   */
  readonly store: SessionStore;
  /** How long a key seals, such as `"30d"`. */
  readonly rotateEvery: Duration;
  /**
   * What the keys are wrapped under: a secret (several while you exchange it: the first one wraps, all
   * unwrap), or `{ wrap, unwrap }` of a key management service.
   */
  readonly wrapWith: KeyList | KeyWrapper;
  /**
   * How long what a key has sealed may live: the longest absolute timeout, or lifetime of a cookie. As
   * long it opens after the last use.
   *
   * @defaultValue "90d", as long as a remembered session at most
   */
  readonly keepFor?: Duration | undefined;
  /**
   * How often each process reads the ring again: so late, at most, it learns of a `revoke`. A new key is
   * published three times as long before its first use.
   *
   * @defaultValue "1m"
   */
  readonly refreshEvery?: Duration | undefined;
  /**
   * Tells rings in one store apart.
   *
   * @defaultValue "keys"
   */
  readonly name?: string | undefined;
  /**
   * Hears when the ring cannot be read again. The keys that are known go on.
   *
   * @defaultValue a warning, once
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /**
   * Tells the time; for tests.
   *
   * @defaultValue the system's clock
   */
  readonly clock?: Clock | undefined;
}

/** A ring of keys that turns by itself. Pass it wherever keys are taken. */
export interface TurningKeys {
  /** The keys as of now: the first one seals, all of them open. */
  (): readonly string[];
  /** The ids of those that are revoked: `encrypted` refuses what they have sealed. */
  readonly retired: () => ReadonlySet<string>;
  /**
   * The keys, the newest first.
   *
   * @throws {@link StoreError} if the store cannot answer.
   */
  list(): Promise<readonly KeyFacts[]>;
  /**
   * Publishes a new key before its time. Where one waits already, or another process is faster, that
   * is the one.
   *
   * @throws {@link StoreError} if the store cannot answer.
   */
  rotate(): Promise<KeyFacts>;
  /**
   * Takes a key out, at once here, and in every other process within `refreshEvery`. Nothing that it has
   * sealed opens again. Where it was the one that seals, the one before it does until a new one is
   * known everywhere; without one before it a new one seals at once, and a process that has not read it
   * yet cannot open that until it does.
   *
   * @returns Whether it was in the ring.
   * @throws {@link StoreError} if the store cannot answer.
   */
  revoke(kid: string): Promise<boolean>;
  /** Reads the ring again, as each process does by itself. */
  refresh(): Promise<void>;
  /** Reads it no more by itself. */
  close(): void;
}

const KNOWN: readonly (keyof KeyRingOptions)[] = [
  "store",
  "rotateEvery",
  "wrapWith",
  "keepFor",
  "refreshEvery",
  "name",
  "onError",
  "clock",
];
const STORE_TIMEOUT_MS = 5_000;
/** One period for a process that has just read, one for clocks that differ, one for a failed read. */
const PERIODS_AHEAD = 3;
/** A ring has room for 32; some may be revoked, or rotated by hand. */
const MOST_KEYS = 24;
const NAME = /^[\w-]{1,64}$/;

/**
 * Opens a ring of keys that turns by itself, and makes its first key where there is none.
 *
 * The keys lie wrapped in a record beside the sessions, changed by compare-and-set: of many processes that
 * turn it at the same time one makes the new key.
 *
 * @throws {@link OptionsError} if an option is wrong; {@link StoreError} if the store cannot answer;
 * an `Error` if a key cannot be unwrapped.
 * @example
 * import { createSessions } from "sojourn";
 * import { encrypted } from "sojourn/encrypted";
 * import { keyRing } from "sojourn/keys";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const store = sqliteStore("sessions.db");
 * const keys = await keyRing({
 *   store,
 *   rotateEvery: "30d",
 *   wrapWith: process.env["SESSION_KEY"] ?? "",
 * });
 * const sessions = createSessions({ store: encrypted(store, keys) });
 */
export async function keyRing(options: KeyRingOptions): Promise<TurningKeys> {
  requireKnownKeys("keyRing", options, KNOWN);
  const { store, wrapWith, name = "keys", clock = Date, onError } = options;
  if (!isStore(store)) {
    throw new OptionsError("keyRing.store", 'takes a store, such as sqliteStore("sessions.db").');
  }
  if (!NAME.test(name)) {
    throw new OptionsError(
      "keyRing.name",
      "must be 1 to 64 letters, digits, dashes or underscores.",
    );
  }
  if (store.profile.eviction === "any") {
    throw new OptionsError(
      "keyRing.store",
      "this one may drop what it is given, and with a key all that it has sealed. Choose another.",
    );
  }
  const rhythm = rhythmOf(options);
  const ring = new TurningRing({
    record: new RingRecord(store, name, STORE_TIMEOUT_MS),
    wrapping: wrappingOf("keyRing.wrapWith", wrapWith, name),
    rhythm,
    now: () => clock.now(),
    onError: onError ?? (() => warnOnce(store, COULD_NOT_READ)),
  });
  await ring.refresh();
  return turning(ring, rhythm.refreshEveryMs);
}

const COULD_NOT_READ =
  "The ring of keys could not be read again; the keys that are known go on. A key that was revoked " +
  "meanwhile is believed until it can. onError of keyRing is told why.";

/** It is read by a timer, so that a process learns of a revocation though nobody asks it for anything. */
function turning(ring: TurningRing, refreshEveryMs: number): TurningKeys {
  const readAgain = (): void => void ring.keys;
  const timer = setInterval(readAgain, Math.min(refreshEveryMs, MAX_TIMER_MS));
  timer.unref?.();
  return Object.assign(() => ring.keys, {
    retired: () => ring.retired,
    list: async () => {
      await ring.refresh();
      return ring.list();
    },
    rotate: () => ring.rotate(),
    revoke: (kid: string) => ring.revoke(kid),
    refresh: () => ring.refresh(),
    close: () => clearInterval(timer),
  });
}

const MAX_TIMER_MS = 2_147_483_647;

function rhythmOf({ rotateEvery, keepFor = "90d", refreshEvery = "1m" }: KeyRingOptions): Rhythm {
  const rotateEveryMs = durationMs("keyRing.rotateEvery", rotateEvery);
  const keepForMs = durationMs("keyRing.keepFor", keepFor);
  const refreshEveryMs = durationMs("keyRing.refreshEvery", refreshEvery);
  const aheadMs = PERIODS_AHEAD * refreshEveryMs;
  if (rotateEveryMs <= aheadMs) {
    throw new OptionsError(
      "keyRing.rotateEvery",
      "must be longer than three times refreshEvery, as a new key is published that long before its use.",
    );
  }
  if (keepForMs / rotateEveryMs > MOST_KEYS) {
    throw new OptionsError(
      "keyRing.rotateEvery",
      `would keep more than ${MOST_KEYS} keys for as long as keepFor says. Rotate less often, or keep shorter.`,
    );
  }
  return { rotateEveryMs, keepForMs, refreshEveryMs, aheadMs };
}
