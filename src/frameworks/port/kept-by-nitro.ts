import { OptionsError } from "../../core/errors.ts";
import { internalsOf } from "../../core/internals.ts";

// What Nitro keeps for everybody: docs/decisions/0135.

/** Whether what is being made now, by the handler of a request, is kept for everybody. */
export type IsKept = () => boolean;

/** Shows the session in an event's context, but to a handler whose answer is kept. */
export function showUnlessKept(context: object, session: object, isKept: IsKept): void {
  const get = (): object => {
    if (isKept()) throw new OptionsError("event.context.session", NOBODYS);
    return session;
  };
  Object.defineProperty(context, "session", { get, configurable: true, enumerable: true });
}

const NOBODYS =
  "what Nitro keeps for everybody, by a cached handler or a route rule, is nobody's. Read it in a " +
  "handler that is not cached.";

/** Whether the application asks itself for an answer that is kept, whoever is the first to ask for that. */
export function isMadeForKept(manager: object, request: object): boolean {
  const outer = internalsOf(manager).attachments.enclosingOf([request]);
  return outer?.isForEverybody?.() === true;
}
