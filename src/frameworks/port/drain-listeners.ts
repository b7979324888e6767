import type { ServerResponse } from "node:http";
import type { Callback } from "./held-answer.ts";

/**
 * Notes who waits for `drain`, where somebody has replaced the response's `on`: compression keeps
 * such listeners for a stream of its own, which says `drain` only if its own write said `false`.
 */
export class DrainListeners {
  readonly #res: ServerResponse;
  #listeners: Callback[] = [];
  #isListening = true;

  constructor(res: ServerResponse) {
    this.#res = res;
    const on = res.on as (...args: unknown[]) => unknown;
    const note = (...args: unknown[]): unknown => {
      const [event, listener] = args;
      if (this.#isListening && event === "drain") this.#listeners.push(listener as Callback);
      return Reflect.apply(on, res, args);
    };
    res.on = note as typeof res.on;
  }

  /** From here on real writes promise for themselves. */
  stop(): void {
    this.#isListening = false;
  }

  /** Keeps a promise to those who would not hear it from the response itself. */
  drain(): void {
    const near = this.#res.rawListeners("drain");
    const far = this.#listeners.filter((listener) => !near.includes(listener as () => void));
    this.#listeners = [];
    for (const listener of far) Reflect.apply(listener, this.#res, []);
  }
}
