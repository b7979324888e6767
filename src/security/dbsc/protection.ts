import type { Engine, Protection } from "../../core/engine.ts";
import { OptionsError } from "../../core/errors.ts";
import { internalsOf } from "../../core/internals.ts";
import { DeviceHooks } from "./device-hooks.ts";
import { type DeviceBoundOptions, resolveTerms } from "./options.ts";

/** By the part of an engine that every copy of it shares. */
const hooksOf = new WeakMap<Engine["families"], DeviceHooks>();

/**
 * Binds each session to the device that its user signs in on, so that a copied cookie is of no use
 * elsewhere: Device Bound Session Credentials (W3C draft), in browsers that have them, for whole
 * sessions; and a key of the page's script for single routes, in every browser: `requireProof`.
 *
 * A bound session takes a look into the store at each `open`, beside its own. What the browser sends
 * to bind it is answered by `dbscHandler` or `dbscMiddleware`, which must be mounted.
 *
 * @throws {@link OptionsError} if an option is wrong, or where sessions are kept in cookies or shared
 * with another framework.
 * @example
 * import { createSessions } from "sojourn";
 * import { deviceBound } from "sojourn/dbsc";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions({
 *   store: sqliteStore("sessions.db"),
 *   protections: [deviceBound()],
 * });
 */
export function deviceBound(options: DeviceBoundOptions = {}): Protection {
  const termsFor = resolveTerms(options);
  return {
    name: "deviceBound",
    protect: (engine) => {
      const hooks = new DeviceHooks(engine, termsFor(engine));
      hooksOf.set(engine.families, hooks);
      return hooks;
    },
  };
}

/** @throws {@link OptionsError} where sessions are not bound. */
export function hooksIn(engine: Engine, call: string): DeviceHooks {
  const hooks = hooksOf.get(engine.families);
  if (hooks !== undefined) return hooks;
  throw new OptionsError(call, "needs createSessions({ protections: [deviceBound()] }).");
}

/** @throws {@link OptionsError} for what createSessions() has not made, or where it binds nothing. */
export function hooksBehind(sessions: object, call: string): DeviceHooks {
  return hooksIn(internalsOf(sessions).engine, call);
}
