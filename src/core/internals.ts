import type { Engine } from "./engine.ts";
import { OptionsError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Attachments } from "./request/attachments.ts";
import { Visit } from "./request/visit.ts";
import { VERSION } from "./version.ts";

/** The inside of a manager, for adapters and test tools. */
export interface Internals {
  readonly engine: Engine;
  readonly attachments: Attachments;
  /** Whether `close()` was called: another manager may take its place then. */
  readonly isClosed: () => boolean;
}

type Begin = (exchange: Exchange, onOpen: OnOpen | undefined, subject: object | undefined) => Visit;
type OnOpen = (visit: Visit) => void;

interface Inside extends Internals {
  /** A visit of the copy of the library that made the manager. */
  readonly begin: Begin;
  readonly version: string;
}

/** Shared by every copy of the library: bundlers make several of one. */
const INSIDE: unique symbol = Symbol.for("sojourn.inside");

interface Manager {
  readonly [INSIDE]?: Inside;
}

/** Lets adapters find the inside of a manager without showing it to applications. */
export function keepInternals(sessions: object, internals: Internals): void {
  const begin: Begin = (...parts) => new Visit(internals.engine, ...parts);
  const inside: Inside = { ...internals, begin, version: VERSION };
  Object.defineProperty(sessions, INSIDE, { value: inside });
}

/** The inside of a manager. @throws {@link OptionsError} for anything else. */
export function internalsOf(sessions: object): Internals {
  return insideOf(sessions);
}

function insideOf(sessions: object): Inside {
  const { [INSIDE]: inside } = Object(sessions) as Manager;
  if (inside === undefined) {
    throw new OptionsError(
      "sessions",
      "it was not made by createSessions() of this copy of sojourn. Pass what createSessions() " +
        "returned, and see `npm ls sojourn` for a second copy.",
    );
  }
  if (inside.version !== VERSION) {
    throw new OptionsError(
      "sessions",
      `it was made by version ${inside.version} of sojourn, and this is ${VERSION}. See ` +
        "`npm ls sojourn` for the second copy.",
    );
  }
  return inside;
}

/**
 * Begins a request: from here on `sessions.open` finds it by any of the aliases. Where the manager
 * has been mounted for this request already, it is the visit that began then.
 *
 * @param onOpen - Called at the first `open`, when the response begins to matter. What it throws refuses
 * that, and the next `open` calls it again.
 */
export function attach(
  sessions: object,
  exchange: Exchange,
  aliases: readonly object[],
  onOpen?: OnOpen,
): Visit {
  const { attachments, begin } = insideOf(sessions);
  const visit = attachments.visitOf(aliases) ?? begin(exchange, onOpen, aliases[0]);
  attachments.add(visit, aliases);
  return visit;
}

/** Runs `handle` so that what the framework asks of itself meanwhile can {@link attachInner}. */
export function enclose<T>(sessions: object, visit: Visit, handle: () => T): T {
  return internalsOf(sessions).attachments.enclose(visit, handle);
}

/**
 * Lets a request that the framework itself makes, while it handles another one, lead to that one's
 * session, so that there is one session and one cookie: SvelteKit's `event.fetch`, Nuxt's `useFetch`,
 * Astro's `rewrite`. Its response is none of ours.
 *
 * A request that carries another session than the outer one, or none where that has one, is not shared: a
 * queue may run it in the context of a visitor who has nothing to do with it.
 *
 * @returns Whether it runs inside another one, as of {@link enclose}.
 */
export function attachInner(sessions: object, aliases: readonly object[]): boolean {
  const { attachments } = internalsOf(sessions);
  const enclosing = attachments.enclosingOf(aliases);
  if (enclosing === undefined) return false;
  attachments.add(enclosing, aliases);
  return true;
}
