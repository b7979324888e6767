import type { Attachments } from "./attachments.ts";
import type { Engine } from "./engine.ts";
import { OptionsError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { Visit } from "./visit.ts";

/** The inside of a manager, for adapters and test tools. */
export interface Internals {
  readonly engine: Engine;
  readonly attachments: Attachments;
}

const internals = new WeakMap<object, Internals>();

/** Lets adapters find the inside of a manager without showing it to applications. */
export function keepInternals(sessions: object, inside: Internals): void {
  internals.set(sessions, inside);
}

/** The inside of a manager. @throws {@link OptionsError} for anything else. */
export function internalsOf(sessions: object): Internals {
  const inside = internals.get(sessions);
  if (inside !== undefined) return inside;
  throw new OptionsError(
    "sessions",
    "it was not made by createSessions() of this copy of sojourn. Pass what createSessions() " +
      "returned, and see `npm ls sojourn` for a second copy.",
  );
}

/**
 * Begins a request: from here on `sessions.open` finds it by any of the aliases. Where the manager
 * has been mounted for this request already, it is the visit that began then.
 *
 * @param onOpen - Called at the first `open`, when the response begins to matter.
 */
export function attach(
  sessions: object,
  exchange: Exchange,
  aliases: readonly object[],
  onOpen?: (visit: Visit) => void,
): Visit {
  const { engine, attachments } = internalsOf(sessions);
  const visit = attachments.visitOf(aliases) ?? new Visit(engine, exchange, onOpen, aliases[0]);
  attachments.add(visit, aliases);
  return visit;
}
