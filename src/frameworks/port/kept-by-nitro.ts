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

/** By visits, inside of which the application may ask itself. */
const KEPT = new WeakMap<object, IsKept>();

/** Notes how to tell of a visit's request, for {@link isMadeForKept}. */
export function noteKept(visit: object, isKept: IsKept): void {
  KEPT.set(visit, isKept);
}

/** Whether the application asks itself for an answer that is kept, whoever is the first to ask for that. */
export function isMadeForKept(manager: object, request: object): boolean {
  const outer = internalsOf(manager).attachments.enclosingOf([request]);
  return outer !== undefined && KEPT.get(outer)?.() === true;
}

/** Lets an object that leads to a session lead to none, as long as `isHidden`, asked of who is asked for it. */
export function hideWhere<T extends object>(
  manager: object,
  subject: T,
  isHidden: (asked: T) => boolean,
): void {
  const visit = internalsOf(manager).attachments.find(subject);
  const keys = Object.getOwnPropertySymbols(subject);
  const key = keys.find((each) => Reflect.get(subject, each) === visit);
  if (key === undefined) return;
  const get = function (this: T): unknown {
    return isHidden(this) ? undefined : visit;
  };
  // As an adapter does that is mounted once more.
  const set = (value: unknown): void => {
    Object.defineProperty(subject, key, { value, configurable: true, writable: true });
  };
  Object.defineProperty(subject, key, { get, set, configurable: true });
}
