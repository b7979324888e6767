import { type Engine, startDeadline } from "./engine.ts";
import { StoreError } from "./errors.ts";
import { tombstone } from "./lifecycle/transitions.ts";
import { newIdentity } from "./passage.ts";

/**
 * Does what the first visitor would find undone: has keys looked at that a function returns, and asks
 * the store for a write that changes nothing, so that it connects, makes its tables, and shows whether
 * it may write.
 */
export async function prepare(engine: Engine): Promise<void> {
  const { carrier, keeper, environment, name } = engine;
  carrier.prepare?.();
  const deadline = startDeadline(engine);
  // 256 random bits: nothing stands there. The notes are what a store that encrypts seals of it.
  const { id } = newIdentity(environment.random, name);
  const nothing = tombstone(engine, { id, manager: name }, "destroyed", deadline);
  const end = (): Promise<unknown> =>
    keeper.store.end({ ...nothing, notes: "{}" }, undefined, deadline);
  try {
    await keeper.read("prepare", deadline, end);
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new StoreError("prepare", "failed", "its first call failed", { cause });
  }
}
