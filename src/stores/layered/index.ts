import { type Duration, durationMs } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { refuseTokenBound } from "../../core/keychain.ts";
import { isStore, requireKnownKeys } from "../../core/option-checks.ts";
import type { SessionStore } from "../../core/store.ts";
import { LayeredStore } from "./layered-store.ts";
import { Near } from "./near.ts";
import { profileOf } from "./profile.ts";
import { Trust } from "./trust.ts";

/** How late a layered store may read, and how long it waits for the layer in front. */
export interface LayeredOptions {
  /**
   * How long what has been read from origin, or written there, is served without asking again:
   * so late, at most, does a process see what another one has written, or an end whose
   * announcement was lost. A few seconds save most of the loads.
   */
  readonly maxStaleness: Duration;
  /**
   * How long a call waits for near before it goes on without it.
   *
   * @defaultValue "100ms"
   */
  readonly nearTimeout?: Duration | undefined;
}

/** The layered store: it offers what origin offers. */
export type LayeredStoreOf<Origin extends SessionStore> = Pick<
  Origin,
  Extract<keyof Origin, keyof SessionStore>
> &
  Required<Pick<SessionStore, "close">>;

/**
 * Keeps copies of sessions in a store near by, so that most loads need not reach origin.
 *
 * Every write is decided by origin and then put into near. An end reaches every process by origin's
 * announcements, if it has them, and within `maxStaleness` otherwise. Near may fail, be slow, or
 * forget whatever it likes: then origin is asked.
 *
 * @param near - Any store that nothing else uses: `memoryStore()` in each process, or a shared
 * cache, with a prefix of its own.
 * @param origin - The store that holds the sessions. `close()` closes both layers, each of which
 * closes only what it opened itself.
 * @throws {@link OptionsError} if an option is wrong or `maxStaleness` is missing. Nothing is read
 * here.
 * @example
 * const sessions = createSessions({
 *   store: layered(memoryStore(), sqliteStore("sessions.db"), { maxStaleness: "5s" }),
 * });
 */
export function layered<Origin extends SessionStore>(
  near: SessionStore,
  origin: Origin,
  options: LayeredOptions,
): LayeredStoreOf<Origin> {
  checkStore("layered(near)", near);
  checkStore("layered(origin)", origin);
  if (Object.is(near, origin)) {
    throw new OptionsError("layered(near)", "must be another store than origin.");
  }
  const { maxStaleness, nearTimeout = "100ms" } = checked(options);
  const maxStalenessMs = durationMs("layered.maxStaleness", maxStaleness);
  const timeoutMs = durationMs("layered.nearTimeout", nearTimeout);
  const store: SessionStore = new LayeredStore({
    profile: () => profileOf(near, origin, maxStalenessMs),
    near: new Near(near, { maxStalenessMs, timeoutMs }),
    origin,
    trust: new Trust(maxStalenessMs),
  });
  // It has just those members that origin has, and `close`.
  return store as LayeredStoreOf<Origin>;
}

function checkStore(option: string, store: SessionStore): void {
  if (!isStore(store)) {
    throw new OptionsError(option, "takes a store, such as memoryStore() or sqliteStore(path).");
  }
  refuseTokenBound(option, store);
}

function checked(options: LayeredOptions): LayeredOptions {
  requireKnownKeys("layered", options ?? {}, ["maxStaleness", "nearTimeout"]);
  if (options?.maxStaleness !== undefined) return options;
  throw new OptionsError(
    "layered.maxStaleness",
    'must say how late a process may read what another one has written; write "5s".',
  );
}
