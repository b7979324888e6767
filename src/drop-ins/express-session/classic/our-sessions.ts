import { EventEmitter } from "node:events";
import { Store } from "../store.ts";

/**
 * Lets a store that inherits from the package express-session, as connect-redis does, make our sessions:
 * that package's are none of the `Session` that the application imports.
 */
export function letMakeOurs(store: object): void {
  if (!makesTheirs(store)) return;
  const value = Store.prototype.createSession;
  Object.defineProperty(store, "createSession", { value, configurable: true, writable: true });
}

/** Not where the store, or a class between, makes sessions in a way of its own. */
function makesTheirs(store: object): boolean {
  let home: object | null = store;
  while (home !== null && !Object.hasOwn(home, "createSession")) home = Object.getPrototypeOf(home);
  return home !== null && home !== Store.prototype && isTheirs(home);
}

/** Known by its look: there may be several copies of that package, and none is loaded for this. */
function isTheirs(prototype: object): boolean {
  return (
    Object.getPrototypeOf(prototype) === EventEmitter.prototype &&
    prototype.constructor?.name === "Store" &&
    Object.hasOwn(prototype, "regenerate") &&
    Object.hasOwn(prototype, "load")
  );
}
