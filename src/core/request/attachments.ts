import { AsyncLocalStorage } from "node:async_hooks";
import { OptionsError } from "../errors.ts";
import type { RequestHead } from "../exchange.ts";
import { headIn, WebHead } from "../request-head.ts";
import type { Visit } from "./visit.ts";

/** A request object that an adapter has seen. */
interface Attached {
  [key: symbol]: Visit | Screened | undefined;
}

/** A visit that an object leads to no longer once it is shown for another one. */
class Screened {
  readonly #visit: Visit;
  readonly #isHidden: (asked: object) => boolean;

  constructor(visit: Visit, isHidden: (asked: object) => boolean) {
    this.#visit = visit;
    this.#isHidden = isHidden;
  }

  for(asked: object): Visit | undefined {
    return this.#isHidden(asked) ? undefined : this.#visit;
  }
}

/** Where a framework keeps the web request that it is handling, whichever it is by now. */
export interface RequestHolder {
  readonly raw: object;
}

/** Looks at what a request carries. */
interface Looks {
  /** The secrets of its sessions. */
  presented(request: RequestHead): readonly string[];
  /** At a glance: whether there may be any. */
  mayPresent(request: RequestHead): boolean;
}

/** Knows which request objects lead to which visit, for one manager. */
export class Attachments {
  /** Whether handlers may ask for their session without their request, by {@link enclosingOf}. */
  isAmbient = false;
  /** Kept on the request itself: a WeakMap costs each request 1 µs more, most of it in the GC. */
  readonly #key = Symbol("sojourn.visit");
  readonly #current = new AsyncLocalStorage<Visit>();
  /** Those who say themselves which request they are handling, the newest first. */
  #newest: Handling | undefined;
  readonly #looks: Looks;

  constructor(looks: Looks) {
    this.#looks = looks;
  }

  /** The visit that one of the objects leads to, if it is not over. */
  visitOf(aliases: readonly object[]): Visit | undefined {
    for (const alias of aliases) {
      const visit = this.#at(alias);
      if (visit !== undefined && visit.phase !== "ended") return visit;
    }
    return undefined;
  }

  /**
   * Makes each of the objects lead to the visit.
   *
   * @throws {@link OptionsError} if one leads to another that is not over.
   */
  add(visit: Visit, aliases: readonly object[]): void {
    for (const alias of aliases as readonly Attached[]) {
      const other = this.#at(alias);
      if (other !== undefined && other !== visit && other.phase !== "ended") {
        throw new OptionsError("request", "it leads to another request's session already.");
      }
      if (other !== visit) alias[this.#key] = visit;
    }
  }

  /** Lets an object that leads to a visit lead to none, as long as `isHidden`, told of who is asked for it. */
  screen(alias: object, isHidden: (asked: object) => boolean): void {
    const visit = this.#at(alias);
    if (visit !== undefined) (alias as Attached)[this.#key] = new Screened(visit, isHidden);
  }

  /**
   * Runs `handle` so that a request object made along the way may be known for a copy: by the cookie
   * that it carries, so that there is nothing to do where there is none.
   */
  run<T>(visit: Visit, handle: () => T): T {
    const mayBeKnown = this.#looks.mayPresent(visit.request);
    return mayBeKnown ? this.#current.run(visit, handle) : handle();
  }

  /** Runs `handle` so that {@link enclosingOf} tells the visit. */
  enclose<T>(visit: Visit, handle: () => T): T {
    return this.#current.run(visit, handle);
  }

  /** Runs `handle` as {@link enclose} does, where somebody may ask. */
  runAmbient<T>(visit: Visit, handle: () => T): T {
    return this.isAmbient ? this.#current.run(visit, handle) : handle();
  }

  /**
   * The visit in whose handling a request is made, by the framework's word, which is not enough: a queue
   * may run it in the context of another visitor. So it must carry the session that the visit came with,
   * or none where that came with none.
   */
  enclosingOf(aliases: readonly object[]): Visit | undefined {
    const visit = this.#enclosing;
    if (visit === undefined) return undefined;
    const inner = aliases.map(headIn).find((head) => head !== undefined);
    if (inner === undefined) return visit;
    const brought = this.#secretsOf(asOnTheSameWay(inner, visit.request));
    const own = this.#secretsOf(visit.request);
    const isSame = brought.length === own.length && brought.every((secret) => own.includes(secret));
    return isSame ? visit : undefined;
  }

  #secretsOf(request: RequestHead): readonly string[] {
    return this.#looks.mayPresent(request) ? this.#looks.presented(request) : [];
  }

  /** The visit in whose context this runs. It proves nothing by itself. */
  get #enclosing(): Visit | undefined {
    const visit = this.#current.getStore();
    return visit === undefined || visit.phase === "ended" ? undefined : visit;
  }

  /** From here on a request leads to the visit by the framework's own word, until it is over. */
  follow(visit: Visit, holder: RequestHolder): Handling {
    const handling = new Handling(visit, holder);
    handling.next = this.#newest;
    if (this.#newest !== undefined) this.#newest.previous = handling;
    this.#newest = handling;
    return handling;
  }

  /** The handler is done. What it still streams may ask for the request as it stands now. */
  leave({ visit, holder, previous, next }: Handling): void {
    (holder.raw as Attached)[this.#key] ??= visit;
    if (previous === undefined) this.#newest = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
  }

  /** The visit of a request, if an adapter has seen it. */
  find(request: unknown): Visit | undefined {
    if (typeof request !== "object" || request === null) return undefined;
    return this.#at(request) ?? this.#held(request);
  }

  #at(alias: object): Visit | undefined {
    const there = (alias as Attached)[this.#key];
    return there instanceof Screened ? there.for(alias) : there;
  }

  /**
   * The visit of a request that a framework has made anew (mounted applications, body limits).
   *
   * What runs may be in another request's asynchronous context, where a queue starts it from what
   * that request left. So the context proves nothing: what proves it is a secret that both requests
   * carry, the same cookies with a session among them, and that the copy holds nothing that the
   * original does not. Whether the session is one is known when it is opened.
   */
  findCopied(request: object): Visit | undefined {
    const visit = this.#enclosing;
    if (visit === undefined) return undefined;
    return request instanceof Request && this.#isCopy(request, visit.request) ? visit : undefined;
  }

  /** By the framework's own word: the few that are under way are asked. */
  #held(request: object): Visit | undefined {
    for (let handling = this.#newest; handling !== undefined; handling = handling.next) {
      if (handling.holder.raw === request) return handling.visit;
    }
    return undefined;
  }

  #isCopy(request: Request, original: RequestHead): boolean {
    const copy = new WebHead(request);
    if (copy.method !== original.method || copy.header("host") !== original.header("host")) {
      return false;
    }
    const isSecret = this.#looks.presented(copy).some(({ length }) => length >= SECRET_LENGTH);
    return (
      isSecret && [...request.headers].every(([name, value]) => original.header(name) === value)
    );
  }
}

/** What tells how a browser came in, which an inner request did not. */
const WAY = /^(?:host|forwarded|x-forwarded-.+)$/;

/** An inner request as if it had come the way of the outer one, whatever its URL says. */
function asOnTheSameWay(inner: RequestHead, outer: RequestHead): RequestHead {
  const { isEncrypted, remoteAddress, method, target } = outer;
  const header = (name: string): string | undefined =>
    (WAY.test(name) ? outer : inner).header(name);
  return { isEncrypted, remoteAddress, method, target, header };
}

/** Of a token in a cookie, and less than that of a sealed text. */
const SECRET_LENGTH = 43;

/** A request that is being handled. */
class Handling {
  readonly visit: Visit;
  readonly holder: RequestHolder;
  previous: Handling | undefined;
  next: Handling | undefined;

  constructor(visit: Visit, holder: RequestHolder) {
    this.visit = visit;
    this.holder = holder;
  }
}
