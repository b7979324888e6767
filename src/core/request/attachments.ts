import { AsyncLocalStorage } from "node:async_hooks";
import { OptionsError } from "../errors.ts";
import type { RequestHead } from "../exchange.ts";
import { WebHead } from "../request-head.ts";
import type { Visit } from "./visit.ts";

/** A request object that an adapter has seen. */
interface Attached {
  [key: symbol]: Visit | undefined;
}

/** Where a framework keeps the web request that it is handling, whichever it is by now. */
export interface RequestHolder {
  readonly raw: object;
}

/** Knows which request objects lead to which visit, for one manager. */
export class Attachments {
  /** Kept on the request itself: a WeakMap costs each request 1 µs more, most of it in the GC. */
  readonly #key = Symbol("sojourn.visit");
  readonly #current = new AsyncLocalStorage<Handling>();
  readonly #presents: (request: RequestHead) => readonly string[];

  /** @param presents - What a request carries in cookies of the manager's name. */
  constructor(presents: (request: RequestHead) => readonly string[]) {
    this.#presents = presents;
  }

  /** The visit that one of the objects leads to, if it is not over. */
  visitOf(aliases: readonly object[]): Visit | undefined {
    for (const alias of aliases as readonly Attached[]) {
      const visit = alias[this.#key];
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
      const other = alias[this.#key];
      if (other !== undefined && other !== visit && other.phase !== "ended") {
        throw new OptionsError("request", "it leads to another request's session already.");
      }
      alias[this.#key] = visit;
    }
  }

  /** Runs `handle` so that a request object made along the way may be known for a copy. */
  run<T>(visit: Visit, handle: () => T, holder?: RequestHolder): T {
    return this.#current.run(new Handling(visit, holder), handle);
  }

  /** The visit of a request, if an adapter has seen it. */
  find(request: unknown): Visit | undefined {
    if (typeof request !== "object" || request === null) return undefined;
    return (request as Attached)[this.#key] ?? this.#held(request);
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
    const visit = this.#current.getStore()?.visit;
    if (visit === undefined || visit.phase === "ended") return undefined;
    return request instanceof Request && this.#isCopy(request, visit.request) ? visit : undefined;
  }

  /** By the framework's own word. */
  #held(request: object): Visit | undefined {
    const handling = this.#current.getStore();
    return handling?.holder?.raw === request ? handling.visit : undefined;
  }

  #isCopy(request: Request, original: RequestHead): boolean {
    const copy = new WebHead(request);
    if (copy.method !== original.method || copy.header("host") !== original.header("host")) {
      return false;
    }
    const isSecret = this.#presents(copy).some(({ length }) => length >= SECRET_LENGTH);
    return (
      isSecret && [...request.headers].every(([name, value]) => original.header(name) === value)
    );
  }
}

/** Of a token in a cookie, and less than that of a sealed text. */
const SECRET_LENGTH = 43;

/** The request that is being handled, to all that its asynchronous context shows. */
class Handling {
  readonly visit: Visit;
  readonly holder: RequestHolder | undefined;

  constructor(visit: Visit, holder: RequestHolder | undefined) {
    this.visit = visit;
    this.holder = holder;
  }
}
