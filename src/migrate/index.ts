import { oneOf, requireKnownKeys } from "../core/option-checks.ts";
import { Move } from "./move.ts";
import type { MovableStore } from "./move-one.ts";
import { type Destination, MovingStore } from "./moving-store.ts";
import { checkRoute, type MigrateOptions, type MoveResult, settingsOf } from "./options.ts";

export type { MovableStore } from "./move-one.ts";
export type { Destination } from "./moving-store.ts";
export type { MigrateOptions, MoveProgress, MoveResult } from "./options.ts";

/** How two stores are used as one. */
export interface MovingStoreOptions {
  /**
   * Where new sessions are created: in `"from"` as long as processes run that know only that
   * store.
   *
   * @defaultValue "to"
   */
  readonly newSessions?: Destination | undefined;
}

/**
 * Two stores as one, for the time in which {@link migrateSessions} moves the sessions. Every
 * process uses it, before the move begins and until it is complete.
 *
 * @throws {@link OptionsError} if a store has no directory, or an option is wrong.
 * @example
 * const sessions = createSessions({ store: movingStore(sqliteStore("old.db"), redisStore(client)) });
 */
export function movingStore(
  from: MovableStore,
  to: MovableStore,
  options: MovingStoreOptions = {},
): MovableStore {
  requireKnownKeys("movingStore", options, ["newSessions"]);
  const { newSessions = "to" } = options;
  oneOf("movingStore.newSessions", newSessions, ["from", "to"]);
  return new MovingStore(checkRoute("movingStore", { from, to }), newSessions);
}

/**
 * Moves every session from one store to another while the application runs on
 * {@link movingStore}. Nobody is signed out, and no change is lost.
 *
 * What has moved is not in the old store any more, so a run that was stopped, or crashed, is
 * simply started again. Each session is looked for in the new store after it has moved.
 *
 * @returns What was moved and verified, and whether the old store can be switched off.
 * @throws {@link OptionsError} if a store has no directory, or an option is wrong; the store's own
 * error if it cannot answer; the signal's reason when it is aborted.
 * @example
 * const { isComplete } = await migrateSessions(sqliteStore("old.db"), redisStore(client), {
 *   onProgress: ({ moved, total }) => console.info(`${moved} of ${total}`),
 * });
 */
export async function migrateSessions(
  from: MovableStore,
  to: MovableStore,
  options: MigrateOptions = {},
): Promise<MoveResult> {
  const settings = settingsOf(options);
  return new Move(checkRoute("migrateSessions", { from, to }), settings).run();
}
