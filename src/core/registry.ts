import { OptionsError } from "./errors.ts";
import type { SessionStore } from "./store.ts";

const names = new WeakMap<SessionStore, Set<string>>();

/**
 * Reserves a manager's name on its store: two of one name would read each other's sessions.
 *
 * @throws {@link OptionsError} if the name is in use there.
 */
export function claimName(store: SessionStore, name: string): void {
  const taken = names.get(store) ?? new Set();
  if (taken.has(name)) {
    throw new OptionsError(
      "name",
      `"${name}" is already the name of another manager on this store. Give each its own name, ` +
        "or close() the other one first.",
    );
  }
  names.set(store, taken.add(name));
}

/** Gives the name back. Resolves to whether it was the store's last one. */
export function releaseName(store: SessionStore, name: string): boolean {
  const taken = names.get(store);
  return taken?.delete(name) === true && taken.size === 0;
}
