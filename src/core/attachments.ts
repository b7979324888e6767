import { AsyncLocalStorage } from "node:async_hooks";
import { OptionsError } from "./errors.ts";
import { requestHead } from "./source.ts";
import type { Visit } from "./visit.ts";

/** A request object that an adapter has seen. */
interface Attached {
  [key: symbol]: Visit | undefined;
}

/** Knows which request objects lead to which visit, for one manager. */
export class Attachments {
  /** Kept on the request itself: a WeakMap costs each request 1 µs more, most of it in the GC. */
  readonly #key = Symbol("sojourn.visit");
  readonly #current = new AsyncLocalStorage<Visit>();

  /**
   * Makes each of the objects lead to the visit.
   *
   * @throws {@link OptionsError} if one leads to a visit already: the adapter is mounted twice.
   */
  add(visit: Visit, aliases: readonly object[]): void {
    for (const alias of aliases as readonly Attached[]) {
      if (alias[this.#key] !== undefined) {
        throw new OptionsError(
          "sessionMiddleware",
          "it is mounted twice for this request. Mount each session manager once, at the top.",
        );
      }
      alias[this.#key] = visit;
    }
  }

  /** Runs `handle` so that a request object made along the way still leads to the visit. */
  run<T>(visit: Visit, handle: () => T): T {
    return this.#current.run(visit, handle);
  }

  /** The visit of a request, if an adapter has seen it. */
  find(request: unknown): Visit | undefined {
    if (typeof request !== "object" || request === null) return undefined;
    return (request as Attached)[this.#key] ?? this.#rewrapped(request);
  }

  /**
   * Frameworks wrap a web request anew (mounted apps, body limits). A `Request` to the same host
   * with the cookies of the one that is being handled is that one; any other is somebody else's.
   */
  #rewrapped(request: object): Visit | undefined {
    if (!(request instanceof Request)) return undefined;
    const visit = this.#current.getStore();
    const { header } = requestHead(request);
    const isSame = ["cookie", "host"].every((name) => visit?.request.header(name) === header(name));
    return isSame ? visit : undefined;
  }
}
