import type { EpochMs } from "../../core/record.ts";
import type { StoreCall } from "../../core/store.ts";

/** The call as the store inside is to have it: without the secrets of sessions. */
export function callInside(call: StoreCall): StoreCall {
  return new CallInside(call);
}

// A class, as what lives as long as a call must not be a literal: docs/decisions/0060.
class CallInside implements StoreCall {
  readonly #call: StoreCall;

  constructor(call: StoreCall) {
    this.#call = call;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get now(): EpochMs {
    return this.#call.now;
  }

  get isFresh(): boolean | undefined {
    return this.#call.isFresh;
  }
}
