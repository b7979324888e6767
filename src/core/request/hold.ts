import type { Grip } from "../commit/lease-edits.ts";
import { started } from "../deadline.ts";
import { ExclusiveError } from "../errors.ts";
import type { HolderId } from "../leases.ts";

/** A lease that this request has, by its own clock: from before it was asked for. */
export class Hold implements Grip {
  readonly name: string;
  readonly holder: HolderId;
  readonly #endsAt: number;
  readonly #abort = new AbortController();
  #hasEnded = false;

  constructor(name: string, holder: HolderId, leaseMs: number) {
    this.name = name;
    this.holder = holder;
    this.#endsAt = performance.now() + leaseMs;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isOver(): boolean {
    return this.#hasEnded || performance.now() >= this.#endsAt;
  }

  /** The error of work that has outrun the lease. */
  get loss(): unknown {
    return this.signal.reason;
  }

  /** What the work comes to, unless the lease is over before. What it does then is nobody's concern. */
  whileHeld<T>(work: () => Promise<T>): Promise<T> {
    // The store's answer may have taken that long.
    if (this.isOver) return Promise.reject(this.#lose());
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => reject(this.#lose()), this.#endsAt - performance.now());
    started(work).then(resolve, reject);
    return promise.finally(() => clearTimeout(timer));
  }

  /** Nothing of the work is taken any more. */
  end(): void {
    this.#hasEnded = true;
  }

  #lose(): unknown {
    this.end();
    this.#abort.abort(new ExclusiveError("lost", this.name));
    return this.loss;
  }
}
